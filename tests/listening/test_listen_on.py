"""Listening to somebody who said no wake word here, or no longer than is wanted."""

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
    """Have something done when so much was heard."""
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


async def test_one_whose_wake_word_was_heard_elsewhere_has_what_was_said_before() -> None:
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


async def test_nobody_is_listened_to_twice_at_once() -> None:
    ears = Ears(sound((SILENCE, 1.0), (VOICE, 2.0), (SILENCE, 2.0)), ScriptedWake([]))
    begun: list[bool] = []
    at(
        ears,
        512 * 20,
        lambda: begun.extend([ears.listener.listen_now(), ears.listener.listen_now()]),
    )
    await run(ears)
    assert begun == [True, False]


async def test_closed_it_is_over_at_once_with_what_was_said() -> None:
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


async def test_closed_before_a_word_nothing_was_heard() -> None:
    ears = Ears(sound((SILENCE, 6.0)), ScriptedWake([]))
    at(ears, 512 * 20, lambda: (ears.listener.listen_now(), ears.utterances[0].close()))
    await run(ears)
    assert not ears.utterances[0].has_speech
    assert not ears.events
    assert await heard(ears.utterances[0]) == b""


async def test_the_place_of_a_wake_word_is_right_after_a_while_of_inattention() -> None:
    """The engine is not given what is not listened to, and counts only what it is given."""
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
