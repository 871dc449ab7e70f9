"""A person who goes on after the decided end is answered as if nothing had been decided.

Sound runs in frames of the voice detector, and engines work between two of them, so that speech
goes on at every stage of the first turn's work.
"""

from __future__ import annotations

import msgspec
import pytest

from satellite import events
from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.listening.continuation import WITHIN, hears_itself
from satellite.listening.melody.melody import Melody
from satellite.settings import ListenSettings
from satellite.turns.end_of_turn import SURE
from satellite.values import SPEECH, Action, Message
from tests.support.scripted_satellite import (
    FRAME,
    QUIET,
    SILENCE,
    VOICE,
    WAKE,
    ScriptedSatellite,
)

STEP = FRAME / SPEECH.rate
END = QUIET.listen.silence
"""Seconds of silence that end an utterance here: the scripted brain judges no texts."""
FIRST = Action(name="timer.start", data={"seconds": 60})
SECOND = Action(name="timer.start", data={"seconds": 120})


def satellite(
    *first: Action | str, listen: ListenSettings = QUIET.listen, melody: Melody | None = None
) -> ScriptedSatellite:
    made = ScriptedSatellite(msgspec.structs.replace(QUIET, listen=listen), melody=melody)
    made.asr.texts = ["turn on the lamp", "turn on the lamp in the kitchen"]
    made.llm.replies = [first or (FIRST, "The first."), (SECOND, "The second.")]
    return made


def speak_on(made: ScriptedSatellite, pause: float, *, again: float = 0.5) -> None:
    """Say the wake word and a request, pause, and go on."""
    made.room.say((WAKE, 0.03), (SILENCE, 0.5), (VOICE, 1.0), (SILENCE, pause), (VOICE, again))
    made.room.say((SILENCE, 3.0))


@pytest.mark.parametrize("frames", range(0, round(WITHIN / STEP) - 8, 2))
async def test_speech_that_goes_on_is_asked_as_one_request_at_every_moment(frames: int) -> None:
    made = satellite()
    async with made.open():
        speak_on(made, END + (frames + 1) * STEP)
        await made.ended(2)
    check_joined(made)


class Sure(Melody):
    """Takes every pause for the end at once."""

    def __init__(self) -> None:
        pass

    def begin(self) -> None:
        pass

    async def finished(self, sound: bytes) -> bool | None:
        return True


@pytest.mark.parametrize("frames", range(0, round(WITHIN / STEP) - 8, 4))
async def test_so_is_speech_that_was_cut_by_its_melody(frames: int) -> None:
    # the first part is not even asked before the usual silence, which is longer than this pause
    made = satellite(SECOND, "The second.", melody=Sure())
    async with made.open():
        speak_on(made, SURE + (frames + 1) * STEP)
        await made.ended(2)
    check_joined(made)


def check_joined(made: ScriptedSatellite) -> None:
    """Check that both parts were asked as one request, and nothing is left of the first."""
    assert made.outcomes()[-1] == "answered"
    assert made.outcomes()[:-1] in (["cancelled"], ["answered"])
    (joined,) = made.of(events.Joined)
    whole = made.asr.heard[-1]
    assert whole.count(VOICE[:1]) == pytest.approx(1.5 * SPEECH.rate, abs=2 * FRAME)
    final = [each for each in made.of(events.Transcript) if each.final]
    assert (final[-1].text, final[-1].turn) == ("turn on the lamp in the kitchen", joined.turn)
    # neither done nor remembered
    assert [timer.total for timer in made.timers.states()] == [120]
    history = made.conversation.history()
    assert history == (
        Message(role="user", text="turn on the lamp in the kitchen"),
        Message(role="assistant", text="The second."),
    )
    assert [len(request.history) for request in made.llm.requests] in ([0, 0], [0])


async def test_speech_goes_on_more_than_once() -> None:
    made = satellite()
    made.asr.texts = ["one", "one two", "one two three"]
    made.llm.replies = [("One.",), ("Two.",), ("Three.",)]
    async with made.open():
        made.room.say((WAKE, 0.03), (SILENCE, 0.5), (VOICE, 1.0), (SILENCE, 1.0), (VOICE, 0.5))
        made.room.say((SILENCE, 1.0), (VOICE, 0.5), (SILENCE, 3.0))
        await made.ended(3)
    assert len(made.of(events.Joined)) == 2
    assert made.asr.heard[-1].count(VOICE[:1]) == pytest.approx(2 * SPEECH.rate, abs=3 * FRAME)
    assert made.conversation.history()[0].text == "one two three"


async def test_later_speech_is_not_part_of_the_request() -> None:
    made = satellite()
    made.answer_age = lambda utterance: 5.0
    async with made.open():
        speak_on(made, END + WITHIN + 0.3)
        await made.until(lambda: made.room.silent)
        await made.ended(1)
    assert made.outcomes() == ["answered"]
    assert made.of(events.Joined) == []
    assert [timer.total for timer in made.timers.states()] == [60]


async def test_speech_into_the_first_second_of_the_answer_is_part_of_the_request() -> None:
    made = satellite()
    made.answer_age = lambda utterance: 0.5
    async with made.open():
        speak_on(made, END + WITHIN + 0.3)
        await made.ended(2)
    assert len(made.of(events.Joined)) == 1


async def test_a_click_after_the_request_is_no_speech() -> None:
    made = satellite()
    async with made.open():
        speak_on(made, END + 0.3, again=0.1)
        await made.until(lambda: made.room.silent)
        await made.ended(1)
    assert made.of(events.Joined) == []


async def test_joining_can_be_switched_off() -> None:
    made = satellite(listen=ListenSettings(by_meaning=False))
    async with made.open():
        speak_on(made, END + 0.3)
        await made.until(lambda: made.room.silent)
        await made.ended(1)
    assert made.of(events.Joined) == []


@pytest.mark.parametrize("pause", [0.1, 0.6, 1.2])
async def test_the_wake_word_interrupts_what_was_taken_for_more_of_the_request(
    pause: float,
) -> None:
    """Its own voice is taken for speech that goes on until it is known to be the wake word."""
    made = satellite()
    async with made.open():
        made.room.say((WAKE, 0.03), (SILENCE, 0.5), (VOICE, 1.0), (SILENCE, END + pause))
        made.room.say((VOICE, 0.5), (WAKE, 0.03), (SILENCE, 0.3), (VOICE, 1.0), (SILENCE, 3.0))
        await made.ended(3)
    assert len(made.of(events.Wake)) == 2
    assert made.outcomes()[1:] == ["cancelled", "answered"]
    if made.outcomes()[0] == "answered":  # it was complete, and stays
        assert [timer.total for timer in made.timers.states()] == [60, 120]
        assert len(made.conversation.history()) == 4


async def test_a_stop_word_into_the_answer_is_no_part_of_the_request() -> None:
    made = satellite()
    made.asr.texts = ["turn on the lamp", "Turn on the lamp. Stop!"]
    async with made.open():
        speak_on(made, END + 1.0)
        await made.ended(2)
    assert made.outcomes()[-1] == "cancelled"
    assert len(made.llm.requests) == 1
    assert [timer.total for timer in made.timers.states()] == [60]


async def test_the_wake_word_begins_another_request() -> None:
    made = satellite()
    async with made.open():
        made.room.ask()
        made.room.ask()
        await made.ended(2)
    assert made.of(events.Joined) == []
    assert [timer.total for timer in made.timers.states()] == [60, 120]


async def test_a_volume_that_was_set_by_half_a_request_is_restored() -> None:
    made = satellite(Action(name="volume.set", data={"level": 0.2}), "Quiet.")
    made.llm.replies = [made.llm.replies[0], ("The second.",)]
    before = made.speech.playback.volume
    async with made.open():
        speak_on(made, END + 1.0)
        await made.ended(2)
    assert made.speech.playback.volume == before


def reference_of(
    played: bytes, left: float | None, delay: int | None, before: float = 0.1
) -> PlaybackReference:
    """Return a reference of a second's answer of which the canceller left parts of the energy:
    `before`, and of the last 0.1 s, `left`."""
    reference = PlaybackReference()
    reference.delay = delay
    reference.played(played, SPEECH)
    for position in range(0, SPEECH.rate, FRAME):
        if left is not None:
            newest = position >= 0.9 * SPEECH.rate
            reference.note_residual(position, 1000.0, 1000.0 * (left if newest else before))
    reference.advance(SPEECH.rate)
    return reference


@pytest.mark.parametrize(
    ("played", "left", "delay", "own"),
    [
        (b"\x00\x00", None, None, False),
        (b"\x00\x10", None, None, True),
        (b"\x00\x10", None, 800, True),
        (b"\x00\x10", 0.1, 800, True),
        (b"\x00\x10", 0.9, 800, False),
        (b"\x00\x10", 0.9, None, True),
    ],
)
def test_our_own_voice_does_not_continue_a_request(
    played: bytes, left: float | None, delay: int | None, own: bool
) -> None:
    """Where echo is not cancelled, nothing said during an answer continues a request."""
    assert hears_itself(reference_of(played * SPEECH.rate, left, delay)) is own


def test_an_echo_that_was_not_removed_yet_is_our_own_voice() -> None:
    """As at the beginning of an answer, before the canceller has adapted."""
    assert hears_itself(reference_of(b"\x00\x10" * SPEECH.rate, 0.9, 800, before=0.6))
