"""The built-in cues of the satellite, and the user's own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from satellite.audio.playback import Playback
from satellite.audio.wavfile import write_wav
from satellite.settings import CueSettings, Settings
from satellite.turns.context import Engines
from satellite.values import SPEECH
from tests.support.devices import ScriptedSpeaker
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.recorded_turn import utterance
from tests.support.sound import tone
from tests.support.turn_parts import SpeechParts, TurnParts


async def heard_in_a_turn(cues: CueSettings) -> bytes:
    """Return everything that the speaker receives in one turn."""
    speaker = ScriptedSpeaker()
    playback = Playback(speaker, lambda event: None)
    engines = Engines(ScriptedAsr(), ScriptedLlm(), ScriptedTts())
    settings = Settings(name="test", cues=cues)
    parts = TurnParts(SpeechParts(settings, engines, playback, lambda event: None))
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(parts.run())
        await asyncio.sleep(0)
        assert parts.manager.start(utterance())
        while not parts.speech.activity.idle:
            await asyncio.sleep(0.001)
        running.cancel()
    return bytes(speaker.heard)


@pytest.fixture
def own(tmp_path: Path) -> bytes:
    """Write a sound of the user for three cues, at the speaker's rate."""
    sound = tone(700, 0.1)
    for name in ("awake", "done", "error"):
        write_wav(tmp_path / f"{name}.wav", SPEECH, sound)
    return sound


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("name", ["awake", "done"])
async def test_a_cue_confirms_the_wake_word_and_the_end_of_the_request(
    tmp_path: Path, own: bytes, name: str, wanted: bool
) -> None:
    switches = {"awake": False, "done": False, name: wanted}
    heard = await heard_in_a_turn(CueSettings(folder=str(tmp_path), **switches))  # type: ignore[arg-type]
    assert heard.count(own) == wanted
    assert len(heard) > len(own)  # the answer, too
