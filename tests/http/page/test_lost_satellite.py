"""The page of a satellite that is lost and comes back, in a real Chromium."""

from __future__ import annotations

import asyncio
from pathlib import Path

from satellite.audio.wavfile import write_wav
from satellite.values import SPEECH
from tests.http.page.test_chromium import READY, START, answers, ask, last
from tests.support.chromium import chromium
from tests.support.ports import free_port
from tests.support.program import satellite


async def test_a_page_talks_again_with_a_satellite_that_was_lost(tmp_path: Path) -> None:
    port, mic = free_port(), tmp_path / "in.wav"
    write_wav(mic, SPEECH, bytes(SPEECH.rate * 2 * 120))
    options = (
        *("--name", "den", "--mic", f"wav:{mic}", "--speaker", f"wav:{tmp_path / 'out.wav'}"),
        *("--llm", "intents", "--asr", "tcp://127.0.0.1:9", "--tts", "espeak", "--no-zeroconf"),
        f"--set=http.port={port}",
    )
    async with chromium() as browser, browser.tab() as tab:
        with satellite(tmp_path, *options) as program:
            await asyncio.to_thread(program.wait_for, "ready", timeout=START)
            await tab.open(f"http://127.0.0.1:{port}/")
            await tab.until(READY)
            await ask(tab, "what is two plus two")
            await tab.until(answers(1))
        await tab.until("document.body.dataset.link === 'off'")
        assert await tab.run("document.getElementById('state').textContent") == "Connecting…"
        await ask(tab, "what is three plus four")  # it says so, and forgets no word of it
        await tab.until("!document.getElementById('notice').hidden")
        assert "three" in await tab.run("document.getElementById('text').value")
        with satellite(tmp_path, *options) as program:
            await asyncio.to_thread(program.wait_for, "ready", timeout=START)
            await tab.until(READY)
            await tab.until("document.getElementById('notice').hidden")
            await tab.run("document.getElementById('text').focus()")
            await tab.key("Enter", "Enter", 13, "\r")
            await tab.until(answers(2))
            assert "7" in await last(tab, "assistant")
        assert [line for line in tab.console if line.startswith("exception")] == []
