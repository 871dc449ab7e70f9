"""A turn that takes long says so once, before its reply and never over it (on a virtual clock)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from satellite import events
from satellite.audio.replay import Recording
from satellite.errors import DeviceLost, EngineBusy, EngineFailed, HomeDown
from satellite.listening.utterance import Utterance
from satellite.settings import Settings
from satellite.turns.context import Engines, TurnContext
from satellite.turns.conversation import Conversation
from satellite.turns.driver import Handover
from satellite.turns.outcome import Answered, Failed, NothingHeard, Outcome
from satellite.turns.own_sentences import own_sentences
from satellite.turns.turn import Turn
from satellite.turns.wait_notice import AFTER
from satellite.values import Action, AudioChunk, Message
from tests.support import virtual_time
from tests.support.engines import Scripted, ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.recorded_turn import RecordedTurn, utterance

NOTICE = own_sentences().one_moment
ANSWER = "It is seven o'clock."
LONG = 2 * AFTER


class SlowAsr(ScriptedAsr):
    """Needs `seconds` after the end of the audio."""

    def __init__(self, seconds: float, *texts: str) -> None:
        super().__init__(texts or ("what time is it",))
        self.seconds = seconds

    async def _begin(self) -> None:
        await asyncio.sleep(self.seconds)


class SlowLlm(ScriptedLlm):
    """Needs `seconds` before its first part, and again before each further one."""

    def __init__(self, seconds: float, *parts: Any, **keywords: Any) -> None:
        super().__init__([parts or (ANSWER,)], **keywords)
        self.seconds = seconds

    async def _begin(self) -> None:
        await asyncio.sleep(self.seconds)


class SlowTts(ScriptedTts):
    """Needs `seconds` before the first sound of each text; speaks half a second for each word."""

    def __init__(self, seconds: float = 0.0, **keywords: Any) -> None:
        super().__init__(0.5, **keywords)
        self.seconds = seconds

    async def _begin(self) -> None:
        await asyncio.sleep(self.seconds)


class PacedTurn(RecordedTurn):
    """Plays one sound after another, for as long as each lasts."""

    def __init__(self) -> None:
        super().__init__()
        self.sounds: list[tuple[float, float]] = []
        """Beginning and end of each sound, by the loop's clock."""
        self._one = asyncio.Lock()

    async def play(
        self, audio: AsyncGenerator[AudioChunk, None], on_first: Callable[[], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        async with self._one:
            began, self.played = None, b""
            try:
                async for chunk in audio:
                    if began is None:
                        began = loop.time()
                        on_first()
                    await asyncio.sleep(chunk.format.seconds(chunk.audio))
                    self.played += chunk.audio
            finally:
                if began is not None:
                    self.sounds.append((began, loop.time()))


class Scene:
    """A turn with engines of any speed."""

    def __init__(
        self,
        asr: ScriptedAsr | None = None,
        llm: ScriptedLlm | None = None,
        tts: ScriptedTts | None = None,
        context: RecordedTurn | None = None,
        driver: Any = None,
    ) -> None:
        self.asr, self.llm, self.tts = asr or ScriptedAsr(), llm or ScriptedLlm(), tts or SlowTts()
        self.context = context or PacedTurn()
        self.conversation = Conversation()
        self.turn = Turn(
            utterance(),
            Engines(self.asr, self.llm, self.tts),
            self.conversation,
            Settings(),
            self.context,
            driver,
        )

    async def run(self) -> Outcome:
        outcome = await self.turn.run()
        engines: list[Scripted] = [self.asr, self.llm, self.tts]
        assert [engine.running for engine in engines] == [0, 0, 0]
        return outcome

    @property
    def notices(self) -> int:
        return len(self.context.of(events.Waiting))

    def kinds(self) -> list[str]:
        """The kinds of the events, without repetitions."""
        return list(dict.fromkeys(event.kind for event in self.context.events))


@pytest.mark.parametrize(
    "engines",
    [
        {"asr": SlowAsr(LONG)},
        {"llm": SlowLlm(LONG)},
        {"asr": SlowAsr(0.6 * AFTER), "llm": SlowLlm(0.6 * AFTER)},
    ],
)
def test_a_turn_that_takes_long_says_so_once_and_then_answers(engines: dict[str, Any]) -> None:
    async def main() -> None:
        scene = Scene(**engines)
        assert isinstance(await scene.run(), Answered)
        assert scene.tts.texts == [NOTICE, ANSWER]
        assert scene.notices == 1
        assert isinstance(scene.context, PacedTurn)
        (notice, answer) = scene.context.sounds
        assert notice[0] == pytest.approx(AFTER)
        assert answer[0] >= notice[1]

    virtual_time.run(main())


def test_of_the_events_one_is_added_and_the_reply_alone_is_remembered() -> None:
    async def main() -> None:
        quick, slow = Scene(), Scene(llm=SlowLlm(LONG))
        await quick.run()
        await slow.run()
        assert "waiting" not in quick.kinds()
        assert [kind for kind in slow.kinds() if kind != "waiting"] == quick.kinds()
        assert slow.context.phases == quick.context.phases == ["thinking", "speaking"]
        assert slow.conversation.history() == (
            Message(role="user", text="what time is it"),
            Message(role="assistant", text=ANSWER),
        )

    virtual_time.run(main())


def test_a_turn_that_answers_in_time_does_not_say_it() -> None:
    async def main() -> None:
        scene = Scene(asr=SlowAsr(0.4 * AFTER), llm=SlowLlm(0.4 * AFTER), tts=SlowTts(AFTER))
        await scene.run()
        assert scene.tts.texts == [ANSWER]
        assert scene.notices == 0

    virtual_time.run(main())


def test_a_reply_that_comes_while_the_notice_is_synthesized_is_spoken_at_once() -> None:
    async def main() -> None:
        scene = Scene(llm=SlowLlm(AFTER + 0.5), tts=SlowTts(1.0))
        await scene.run()
        assert isinstance(scene.context, PacedTurn)
        assert [sound[0] for sound in scene.context.sounds] == [pytest.approx(AFTER + 1.5)]
        assert scene.notices == 0
        assert scene.tts.stopped == 1

    virtual_time.run(main())


def test_a_reply_that_comes_while_the_notice_plays_follows_it() -> None:
    async def main() -> None:
        scene = Scene(llm=SlowLlm(AFTER + 0.5))
        await scene.run()
        assert isinstance(scene.context, PacedTurn)
        assert scene.context.sounds[0] == (pytest.approx(AFTER), pytest.approx(AFTER + 1.0))
        assert scene.context.sounds[1][0] == pytest.approx(AFTER + 1.0)

    virtual_time.run(main())


def test_words_that_are_no_sentence_yet_are_silence() -> None:
    async def main() -> None:
        scene = Scene(llm=ScriptedLlm([("It is", " seven", " o'clock.")], pace=(pace := _pace())))
        async with asyncio.TaskGroup() as tasks:
            clock = tasks.create_task(_every(pace, 3.0))
            await scene.run()
            clock.cancel()
        assert scene.tts.texts == [NOTICE, ANSWER]

    virtual_time.run(main())


def _pace() -> asyncio.Event:
    return asyncio.Event()


async def _every(pace: asyncio.Event, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        pace.set()


def test_an_action_without_words_follows_the_notice() -> None:
    async def main() -> None:
        scene = Scene(llm=SlowLlm(LONG, Action(name="stop")))
        assert await scene.run() == Answered("what time is it", "")
        assert (scene.tts.texts, scene.context.actions) == ([NOTICE], [Action(name="stop")])

    virtual_time.run(main())


@pytest.mark.parametrize("error", [EngineBusy("full"), EngineFailed("odd")])
def test_a_failure_after_the_notice_is_apologised_for(error: EngineFailed) -> None:
    async def main() -> None:
        scene = Scene(llm=SlowLlm(LONG, error=error))
        scene.llm.replies = [()]
        assert await scene.run() == Failed("llm", str(error))
        assert scene.context.apologies == ["llm"]
        assert scene.notices == 1

    virtual_time.run(main())


def test_nothing_understood_after_the_notice() -> None:
    async def main() -> None:
        scene = Scene(asr=SlowAsr(LONG, ""))
        assert await scene.run() == NothingHeard()
        assert (scene.notices, scene.context.apologies) == (1, ["understand"])

    virtual_time.run(main())


class FirstFails(SlowTts):
    """Fails at the first text."""

    async def _begin(self) -> None:
        if len(self.requests) == 1:
            raise self.first

    first: Exception = EngineBusy("full")


class FirstBreaks(FirstFails):
    first = ZeroDivisionError("a plugin's mistake")


@pytest.mark.parametrize("kind", [FirstFails, FirstBreaks])
def test_a_voice_that_fails_at_the_notice_does_not_fail_the_turn(kind: type[FirstFails]) -> None:
    async def main() -> None:
        scene = Scene(llm=SlowLlm(LONG), tts=kind())
        assert isinstance(await scene.run(), Answered)
        assert scene.notices == 0
        assert scene.tts.texts == [NOTICE, ANSWER]

    virtual_time.run(main())


def test_a_speaker_that_vanishes_during_the_notice_fails_the_reply_alone() -> None:
    async def main() -> None:
        context = RecordedTurn(DeviceLost("unplugged"))
        scene = Scene(llm=SlowLlm(LONG), context=context)
        assert await scene.run() == Failed("speaker", "unplugged")
        assert scene.tts.texts == [NOTICE, ANSWER]

    virtual_time.run(main())


@pytest.mark.parametrize("at", [AFTER - 0.1, AFTER + 0.2, AFTER + 0.9, LONG - 0.1])
def test_cancelled_before_or_during_the_notice_it_ends_once(at: float) -> None:
    async def main() -> None:
        scene = Scene(llm=SlowLlm(LONG))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(at):
                await scene.run()
        assert isinstance(scene.context, PacedTurn)
        assert all(end <= at for _, end in scene.context.sounds)
        assert [event.outcome for event in scene.context.of(events.TurnEnd)] == ["cancelled"]
        assert [scene.llm.running, scene.tts.running] == [0, 0]

    virtual_time.run(main())


class SlowDriver:
    """Takes turns `LONG`, as Home Assistant may; gives them back if `lost`."""

    name = "driver"

    def __init__(self, handover: Handover | None = None) -> None:
        self.handover = handover

    async def drive(
        self, utterance: Utterance, recording: Recording, context: TurnContext
    ) -> Outcome | Handover:
        await asyncio.sleep(LONG)
        return self.handover or Answered("what time is it", "Late.")


def test_a_driver_has_the_voice_for_itself() -> None:
    async def main() -> None:
        scene = Scene(driver=SlowDriver())
        assert isinstance(await scene.run(), Answered)
        assert scene.tts.texts == []
        assert scene.notices == 0

    virtual_time.run(main())


def test_a_turn_that_a_driver_lost_says_it_when_it_takes_long_here() -> None:
    async def main() -> None:
        lost = Handover(cause=HomeDown("away"), transcript="what time is it")
        scene = Scene(llm=SlowLlm(LONG), driver=SlowDriver(lost))
        assert isinstance(await scene.run(), Answered)
        assert scene.tts.texts == [NOTICE, ANSWER]

    virtual_time.run(main())
