"""Utterances without a wake word of our own engine, and utterances that are closed early."""

from __future__ import annotations

import asyncio

from satellite import events
from satellite.listening.listener import Utterance
from satellite.values import Detection
from tests.listening.test_listener import SILENCE, VOICE, Ears, sound
from tests.support.engines import ScriptedWake


async def run(ears: Ears) -> None:
    async with asyncio.timeout(10):
        await ears.run()


def at(ears: Ears, samples: int, do: object) -> None:
    """Call a function after this many samples."""
    heard = 0
    attentive = ears.attentive

    def look() -> bool:
        nonlocal heard
        heard += 512
        if heard == samples:
            do()  # type: ignore[operator]
        return attentive()

    ears.attentive = look


async def heard(utterance: Utterance) -> bytes:
    return b"".join([chunk async for chunk in utterance.audio])


async def test_an_utterance_without_a_wake_word_begins_now() -> None:
    ears = Ears(
        sound((VOICE, 1.024), (SILENCE, 0.512), (VOICE, 1.0), (SILENCE, 2.0)), ScriptedWake([])
    )
    at(ears, 512 * 40, lambda: ears.listener.listen_now())
    await run(ears)
    (utterance,) = ears.utterances
    assert utterance.detection is None
    assert utterance.has_speech
    assert utterance.before == 0
    assert len(ears.events) == 2
    assert 16000 - 512 <= (await heard(utterance)).count(VOICE) <= 16000
    assert utterance.voice is not None
    assert utterance.voice / 32000 > 0.2


async def test_an_utterance_with_a_remote_wake_word_includes_the_preroll() -> None:
    found = Detection(word="okay_nabu", score=1.0, sample=0)
    ears = Ears(sound((SILENCE, 1.024), (VOICE, 1.0), (SILENCE, 2.0)), ScriptedWake([]))
    at(ears, 512 * 32, lambda: ears.listener.listen_now(found, 0.5))
    await run(ears)
    (utterance,) = ears.utterances
    assert utterance.detection is found
    assert 0.45 < utterance.before / 32000 <= 0.5
    audio = await heard(utterance)
    assert utterance.voice is not None
    assert audio.startswith(SILENCE * (utterance.before // 2))


async def test_a_second_utterance_at_once_is_rejected() -> None:
    ears = Ears(sound((SILENCE, 1.0), (VOICE, 2.0), (SILENCE, 2.0)), ScriptedWake([]))
    begun: list[bool] = []
    at(
        ears,
        512 * 20,
        lambda: begun.extend([ears.listener.listen_now(), ears.listener.listen_now()]),
    )
    await run(ears)
    assert begun == [True, False]


async def test_a_closed_utterance_ends_at_once_with_its_speech() -> None:
    ears = Ears(sound((SILENCE, 1.0), (VOICE, 4.0), (SILENCE, 2.0)), ScriptedWake([]))
    at(ears, 512 * 20, lambda: ears.listener.listen_now())
    close = ears.attentive
    seen = 0

    def look() -> bool:
        nonlocal seen
        seen += 1
        if seen == 80:
            ears.utterances[0].close()
            ears.utterances[0].close()
        return close()

    ears.attentive = look
    await run(ears)
    (utterance,) = ears.utterances
    assert utterance.has_speech
    assert [type(event) for event in ears.events] == [events.SpeechStart, events.SpeechEnd]
    assert len(await heard(utterance)) / 32000 < 2.5


async def test_an_utterance_closed_before_speech_has_none() -> None:
    ears = Ears(sound((SILENCE, 6.0)), ScriptedWake([]))
    at(ears, 512 * 20, lambda: (ears.listener.listen_now(), ears.utterances[0].close()))
    await run(ears)
    assert not ears.utterances[0].has_speech
    assert not ears.events
    assert await heard(ears.utterances[0]) == b""


async def test_the_position_of_a_wake_word_is_right_after_a_pause_of_the_engine() -> None:
    """The engine does not receive the sound of the pause, and counts only the sound it receives."""
    audio = sound((SILENCE, 2.048), (VOICE, 1.024), (SILENCE, 2.048))
    ears = Ears(audio, ScriptedWake([16384]))  # a second after it is listened to again
    seen = 0

    def attentive() -> bool:
        nonlocal seen
        seen += 1
        return seen > 32

    ears.attentive = attentive
    await run(ears)
    (utterance,) = ears.utterances
    assert utterance.has_speech
    assert (await heard(utterance)).count(VOICE) >= 16384 - 512
