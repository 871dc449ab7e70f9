"""A turn that a driver takes and hands over."""

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
    """A driver that reads the whole utterance, and then returns a given result."""

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
    """A turn with a driver, and everything that it used."""

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


async def test_an_answer_of_the_driver_is_remembered() -> None:
    taken = Taken(Answered("turn on the lamp", "Done."))
    assert await taken.run() == Answered("turn on the lamp", "Done.")
    assert [message.text for message in taken.conversation.history()] == [
        "turn on the lamp",
        "Done.",
    ]
    assert taken.driver.heard == taken.audio
    assert not taken.stage.of(events.Failover)


async def test_after_a_handover_before_the_transcript_the_utterance_is_replayed() -> None:
    taken = Taken(Handover(cause=GONE))
    assert isinstance(await taken.run(), Answered)
    assert taken.engines.asr.heard == [taken.audio]  # type: ignore[attr-defined]
    (failover,) = taken.stage.of(events.Failover)
    assert (failover.role, failover.origin, failover.to) == ("brain", "scripted", "local")
    assert failover.error == "it hung up"


async def test_after_a_handover_with_a_transcript_it_is_answered() -> None:
    taken = Taken(Handover(cause=GONE, transcript="what day is it"))
    await taken.run()
    assert not taken.engines.asr.requests  # type: ignore[attr-defined]
    (request,) = taken.engines.llm.requests  # type: ignore[attr-defined]
    assert request.text == "what day is it"


async def test_after_a_handover_with_an_answer_it_is_spoken() -> None:
    taken = Taken(Handover(cause=GONE, transcript="hello", reply="Hello. How are you?"))
    assert await taken.run() == Answered("hello", "Hello. How are you?")
    assert not taken.engines.llm.requests  # type: ignore[attr-defined]
    assert taken.engines.tts.texts == ["Hello.", "How are you?"]  # type: ignore[attr-defined]
    assert taken.stage.played


async def test_a_failure_without_a_handover_fails_the_turn() -> None:
    taken = Taken(StageFailure("homeassistant", WireError("not connected")))
    assert await taken.run() == Failed("homeassistant", "not connected")
    assert taken.stage.apologies == ["homeassistant"]


async def test_nothing_heard_is_reported_once() -> None:
    taken = Taken(NothingHeard())
    await taken.run()
    assert [event.outcome for event in taken.stage.of(events.TurnEnd)] == ["nothing_heard"]
