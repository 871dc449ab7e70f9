"""The built-in cues of the satellite, and the user's own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from satellite.audio.playback import Playback
from satellite.audio.wavfile import write_wav
from satellite.errors import EngineFailed, LanguageUnknown
from satellite.listening.mute import Mute
from satellite.settings import CueSettings, Settings
from satellite.timers.ringing import Ring
from satellite.turns.activity import Activity
from satellite.turns.context import Engines
from satellite.turns.own_sentences import own_sentences
from satellite.turns.sounds import Sounds
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


def sounds_of(tts: ScriptedTts, language: str, cues: CueSettings) -> tuple[Sounds, ScriptedSpeaker]:
    speaker = ScriptedSpeaker()
    playback = Playback(speaker, lambda event: None)
    settings = Settings(name="test", language=language, cues=cues)
    activity = Activity(lambda event: None, Mute(lambda event: None))
    return Sounds(settings, tts, playback, activity), speaker


async def test_an_apology_is_said_in_the_language_of_the_assistant() -> None:
    tts = ScriptedTts()
    sounds, _ = sounds_of(tts, "en", CueSettings())
    await sounds.apologise("understand", None, "zh")
    await sounds.apologise("asr", LanguageUnknown("no model"))
    spoken = [(request.text, request.language) for request in tts.requests]
    assert spoken[0] == (own_sentences("zh").stages["understand"], "zh")
    assert spoken[1] == ("Sorry, speech recognition does not know this language.", "en")


async def test_without_a_voice_a_request_that_was_not_understood_has_a_sound(
    tmp_path: Path, own: bytes
) -> None:
    for tts, times in ((ScriptedTts(), 0), (ScriptedTts(error=EngineFailed("x"), words=0), 1)):
        sounds, speaker = sounds_of(tts, "zh", CueSettings(folder=str(tmp_path)))
        await sounds.apologise("understand")
        assert bytes(speaker.heard).count(own) == times


async def test_a_late_ring_is_said_in_the_language_of_its_words() -> None:
    tts = ScriptedTts()
    sounds, _ = sounds_of(tts, "de", CueSettings())
    await sounds.ring(Ring(words="The timer ended.", language="en"))
    await sounds.ring(Ring(words="Denk an die Milch."))
    assert [request.language for request in tts.requests] == ["en", "de"]
