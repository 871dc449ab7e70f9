"""`satellite wake test` on speech that voices of this machine read."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.cli.wake_test import try_speech
from satellite.config.keys import build
from satellite.errors import ModelMissing
from satellite.values import DetectRequest


async def test_false_wakes_are_shown_with_what_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    engine = OpenWakeWord(OpenWakeWord.Options(words=("hey_jarvis",), threshold=0.05))
    settings = build({"tts": "espeak"})
    word = DetectRequest(words=("okay nabu",))
    await try_speech(settings, engine, word, ["Okay nabu."], "en", 60)
    printed = capsys.readouterr()
    assert 'in "Okay nabu." by espeak en-' in printed.out
    assert "speech of 0 minutes by 5 voices: " in printed.out
    assert "5 voices of this machine read for at most 60 minutes" in printed.err
    with pytest.raises(ModelMissing, match="hey_bob is unknown"):
        await try_speech(settings, engine, DetectRequest(words=("hey_bob",)), ["a"], "en", 1)
    await engine.close()
