"""What Piper says is what a person would say: Whisper hears it. The whole set is in tests/bench."""

from __future__ import annotations

import pytest

from tests.bench.spoken import write_down
from tests.bench.spoken_texts import TEXTS
from tests.support.real_models import real_model

MISHEARD = 1
"""Texts of which Whisper base may miss a word, as in any speech."""


@pytest.mark.timeout(300)
async def test_texts_are_heard_as_people_say_them() -> None:
    voice = real_model("piper-en_US-joe-medium") / "en_US-joe-medium.onnx"
    whisper = real_model("whisper-base")
    texts = [(kind, *texts[0]) for kind, texts in TEXTS.items()]
    written = await write_down(texts, voice, whisper, steady=True)
    missed = [(each.text, each.heard) for each in written if not each.right]
    assert len(written) == len(TEXTS)
    assert len(missed) <= MISHEARD, missed
