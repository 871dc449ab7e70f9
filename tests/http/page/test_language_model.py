"""A question to a real language model by the page: heard, written as it comes, and spoken."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.http.page.test_chromium import IDLE, READY, SPEAKING, answers, last, opened, understood
from tests.support.pulse import PulseServer
from tests.support.real_models import real_model
from tests.support.real_voice import VOICE, speak_all

pytest.importorskip("xllamacpp", reason="the package xllamacpp is not installed")

LONGEST = 24
"""Tokens of the answer."""


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


async def test_a_spoken_question_is_answered_by_a_language_model(
    pulse: PulseServer, tmp_path: Path
) -> None:
    pulse.offer_microphone()
    chat = real_model("smollm2-135m") / "model.gguf"
    (question,) = await speak_all(real_model(VOICE), ["What is the capital of France?"])
    llm = f"llamacpp:{chat}?n_predict={LONGEST}&tool_rounds=0&temp=0"
    async with opened(tmp_path, llm=llm) as (house, browser), browser.tab() as tab:
        await tab.open(house.address)
        await tab.until(READY)
        with pulse.record() as heard:
            await tab.mouse("mousePressed", "#talk")
            await tab.until("document.body.dataset.phase === 'listening'")
            await asyncio.to_thread(pulse.play, question)
            await tab.mouse("mouseReleased", "#talk")
            await tab.until(SPEAKING, 60)
            await tab.until(f"{answers(1)} && {IDLE}", 60)
        asked, answer = await last(tab, "user"), await last(tab, "assistant")
        assert {"capital", "france"} & set(words(asked)), asked  # tiny.en may mishear one
        assert len(words(answer)) > 2
        written = {frame["text"] for frame in tab.frames if frame["event"] == "reply"}
        assert len(written) > 2  # as it came
        assert answer in written
        spoken = set(words(await understood(bytes(heard))))
        assert len(spoken & set(words(answer))) >= len(set(words(answer))) / 2, (answer, spoken)
        assert [text for text in tab.console if not text.startswith("info")] == []
