"""A turn that somebody else takes, and hands over."""

from __future__ import annotations

from satellite import events
from satellite.audio.replay import Recording
from satellite.errors import PeerClosed, WireError
from satellite.listening.listener import Utterance
from satellite.settings import Settings
from satellite.turns.context import Engines, StageFailure, TurnContext
from satellite.turns.conversation import Conversation
from satellite.turns.driver import Handover
from satellite.turns.outcome import Answered, Failed, NothingHeard, Outcome
from satellite.turns.turn import Turn
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.recorded_turn import RecordedTurn, utterance
from tests.support.speech import tone

GONE = PeerClosed("it hung up")


class Scripted:
    """A driver that listens to all of the utterance, and then does what it was told to."""

    name = "scripted"

    def __init__(self, result: Outcome | Handover | StageFailure) -> None:
        self.result = result
        self.heard = b""

    async def drive(
        self, utterance: Utterance, record: Recording, stage: TurnContext
    ) -> Outcome | Handover:
        self.heard = b"".join([chunk async for chunk in record.play()])
        if isinstance(self.result, StageFailure):
            raise self.result
        return self.result


class Taken:
    """A turn that was taken, and everything it needed."""

    def __init__(self, result: Outcome | Handover | StageFailure) -> None:
        self.driver = Scripted(result)
        self.stage = RecordedTurn()
        self.engines = Engines(ScriptedAsr(), ScriptedLlm(), ScriptedTts())
        self.conversation = Conversation()
        self.audio = tone(0.5)
        self.turn = Turn(
            utterance(self.audio),
            self.engines,
            self.conversation,
            Settings(name="test"),
            self.stage,
            self.driver,
        )

    async def run(self) -> Outcome:
        return await self.turn.run()


async def test_what_was_answered_elsewhere_is_remembered_here() -> None:
    taken = Taken(Answered("turn on the lamp", "Done."))
    assert await taken.run() == Answered("turn on the lamp", "Done.")
    assert [message.text for message in taken.conversation.history()] == [
        "turn on the lamp",
        "Done.",
    ]
    assert taken.driver.heard == taken.audio
    assert not taken.stage.of(events.Failover)


async def test_handed_over_before_the_transcript_the_utterance_is_heard_again() -> None:
    taken = Taken(Handover(cause=GONE))
    assert isinstance(await taken.run(), Answered)
    assert taken.engines.asr.heard == [taken.audio]  # type: ignore[attr-defined]
    (failover,) = taken.stage.of(events.Failover)
    assert (failover.role, failover.origin, failover.to) == ("brain", "scripted", "local")
    assert failover.error == "it hung up"


async def test_handed_over_after_the_transcript_it_is_answered() -> None:
    taken = Taken(Handover(cause=GONE, transcript="what day is it"))
    await taken.run()
    assert not taken.engines.asr.requests  # type: ignore[attr-defined]
    (request,) = taken.engines.llm.requests  # type: ignore[attr-defined]
    assert request.text == "what day is it"


async def test_handed_over_with_an_answer_that_is_spoken() -> None:
    taken = Taken(Handover(cause=GONE, transcript="hello", reply="Hello. How are you?"))
    assert await taken.run() == Answered("hello", "Hello. How are you?")
    assert not taken.engines.llm.requests  # type: ignore[attr-defined]
    assert taken.engines.tts.texts == ["Hello.", "How are you?"]  # type: ignore[attr-defined]
    assert taken.stage.played


async def test_a_failure_that_nobody_makes_good_is_one() -> None:
    taken = Taken(StageFailure("homeassistant", WireError("not connected")))
    assert await taken.run() == Failed("homeassistant", "not connected")
    assert taken.stage.apologies == ["homeassistant"]


async def test_nothing_heard_is_said_once() -> None:
    taken = Taken(NothingHeard())
    await taken.run()
    assert [event.outcome for event in taken.stage.of(events.TurnEnd)] == ["nothing_heard"]
