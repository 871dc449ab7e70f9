"""A turn ends by what was said: at once, a little later, not yet, or after the usual silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from satellite.audio.feed import AudioFeed
from satellite.errors import PeerClosed
from satellite.listening.melody.melody import Melody
from satellite.listening.utterance import Utterance
from satellite.listening.utterance_builder import UtteranceBuilder
from satellite.ports import Llm
from satellite.settings import ListenSettings
from satellite.turns.end_of_turn import BEGUN, OPEN, SURE, WHOLE, EndOfTurn
from satellite.values import SPEECH, Detection, Extent, ReplyRequest, Transcript
from tests.support.engines import ScriptedLlm
from tests.support.scripted_satellite import FRAME, SILENCE, VOICE, MarkVad

SETTINGS = ListenSettings()
STEP = FRAME / SPEECH.rate


class Judge(ScriptedLlm):
    """Knows the extent of some texts; `delay` before it answers."""

    def __init__(self, extents: dict[str, Extent], failing: bool = False) -> None:
        super().__init__()
        self.extents = extents
        self.failing = failing
        self.asked: list[str] = []

    async def judge(self, request: ReplyRequest) -> AsyncGenerator[Extent, None]:
        self.asked.append(request.text)
        await asyncio.sleep(0)
        if self.failing:
            raise PeerClosed("gone")
        yield self.extents.get(request.text, Extent.UNKNOWN)


class Ear(Melody):
    """Hears what it was made to hear in every pause."""

    def __init__(self, finished: bool | None) -> None:
        self.answer = finished
        self.sounds: list[bytes] = []
        self.gate = asyncio.Event()
        self.wait = False
        """Whether looks wait for the gate."""

    def begin(self) -> None:
        pass

    async def finished(self, sound: bytes) -> bool | None:
        self.sounds.append(sound)
        answer = self.answer
        if self.wait:
            await self.gate.wait()
        return answer


class Scene:
    """An utterance that is said in steps of the voice detector's frames."""

    def __init__(
        self, llm: Llm, settings: ListenSettings = SETTINGS, melody: Melody | None = None
    ) -> None:
        self.utterance = Utterance(Detection(word="w", score=1.0, sample=0), 30.0)
        self.builder = UtteranceBuilder(self.utterance, MarkVad(), settings)
        self.builder.begin(b"", tail=0.0)
        self.ending = EndOfTurn(
            self.utterance, llm, settings, lambda text: ReplyRequest(text=text), melody=melody
        )
        self.seconds = 0.0
        self.silent = 0.0
        """Seconds of the silence at the end."""

    async def say(self, sample: bytes, seconds: float) -> None:
        """Say something, or nothing, for some time; stop where the utterance ends."""
        for _ in range(round(seconds / STEP)):
            if self.builder.closed:
                return
            self.builder.push(sample * FRAME)
            self.seconds += STEP
            self.silent = 0.0 if sample == VOICE else self.silent + STEP
            await asyncio.sleep(0)

    async def understand(self, text: str) -> None:
        """Let the recognizer report the text up to here."""
        self.ending.hear(Transcript(text="", final=False, pause_text=text, until=self.seconds))
        for _ in range(6):
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("extent", "silence"),
    [
        (Extent.WHOLE, WHOLE),
        (Extent.OPEN, OPEN),
        (Extent.UNKNOWN, SETTINGS.silence),
        (Extent.BEGUN, BEGUN),
    ],
)
async def test_the_silence_that_ends_an_utterance_depends_on_its_text(
    extent: Extent, silence: float
) -> None:
    scene = Scene(Judge({"turn on": extent}))
    async with scene.ending.judging():
        await scene.say(VOICE, 1.0)
        await scene.say(SILENCE, 0.16)
        await scene.understand("turn on")
        await scene.say(SILENCE, 5.0)
    assert scene.builder.closed
    assert scene.silent == pytest.approx(silence, abs=1.1 * STEP)
    assert scene.utterance.extent is extent


@pytest.mark.parametrize("extent", list(Extent))
async def test_after_more_speech_an_earlier_text_counts_no_more(extent: Extent) -> None:
    scene = Scene(Judge({"turn on": extent}))
    async with scene.ending.judging():
        await scene.say(VOICE, 1.0)
        await scene.say(SILENCE, 0.16)
        await scene.understand("turn on")
        await scene.say(VOICE, 0.5)
        await scene.say(SILENCE, 5.0)
    assert scene.silent == pytest.approx(SETTINGS.silence, abs=1.1 * STEP)


@pytest.mark.parametrize("extent", [Extent.WHOLE, Extent.OPEN, Extent.BEGUN])
async def test_a_text_that_comes_too_late_changes_nothing(extent: Extent) -> None:
    """The recognizer has the text up to the pause when the person already speaks on."""
    scene = Scene(Judge({"turn on": extent}))
    async with scene.ending.judging():
        await scene.say(VOICE, 1.0)
        await scene.say(SILENCE, 0.16)
        until = scene.seconds
        await scene.say(VOICE, 0.3)
        scene.ending.hear(Transcript(text="", final=False, pause_text="turn on", until=until))
        await scene.say(SILENCE, 5.0)
    assert scene.silent == pytest.approx(SETTINGS.silence, abs=1.1 * STEP)
    assert scene.utterance.extent is Extent.UNKNOWN


async def test_a_brain_that_cannot_judge_costs_nothing() -> None:
    for llm in (ScriptedLlm(), Judge({"turn on": Extent.WHOLE}, failing=True)):
        scene = Scene(llm)
        async with scene.ending.judging():
            await scene.say(VOICE, 1.0)
            await scene.say(SILENCE, 0.16)
            await scene.understand("turn on")
            await scene.say(SILENCE, 5.0)
        assert scene.silent == pytest.approx(SETTINGS.silence, abs=1.1 * STEP)


async def test_it_can_be_switched_off() -> None:
    llm = Judge({"turn on": Extent.WHOLE})
    scene = Scene(llm, ListenSettings(by_meaning=False))
    assert not scene.ending.wanted
    async with scene.ending.judging():
        await scene.understand("turn on")
    assert llm.asked == []


async def test_a_shorter_silence_of_the_settings_counts_for_whole_requests() -> None:
    scene = Scene(Judge({"turn on": Extent.OPEN}), ListenSettings(silence=0.25))
    async with scene.ending.judging():
        await scene.say(VOICE, 1.0)
        await scene.say(SILENCE, 0.16)
        await scene.understand("turn on")
        await scene.say(SILENCE, 5.0)
    assert scene.silent == pytest.approx(0.25, abs=1.1 * STEP)


async def test_another_text_than_the_judged_one_waits_for_the_usual_silence() -> None:
    """It was ended because of a text that the recognizer has changed since."""
    scene = Scene(Judge({"turn on": Extent.WHOLE}))
    async with scene.ending.judging():
        await scene.say(VOICE, 1.0)
        await scene.say(SILENCE, 0.16)
        await scene.understand("turn on")
        await scene.say(SILENCE, 5.0)
    clock = asyncio.get_running_loop().time
    began = clock()
    await scene.ending.settle("turn on")
    assert clock() - began < 0.1
    await scene.ending.settle("turn on the heating")
    assert clock() - began == pytest.approx(SETTINGS.silence - WHOLE, abs=0.15)


async def test_an_utterance_ends_while_its_recognizer_still_waits() -> None:
    """Sound, recognizer and brain together: the silence is never as long as the usual one."""

    class PauseAsr:
        async def transcribe(self, audio: AsyncIterator[bytes]) -> AsyncGenerator[Transcript, None]:
            seconds = 0.0
            async for chunk in audio:
                seconds += SPEECH.seconds(chunk)
                if seconds == pytest.approx(1.16, abs=STEP / 2):
                    yield Transcript(text="", final=False, pause_text="turn on", until=seconds)
            yield Transcript(text="turn on", final=True)

    scene = Scene(Judge({"turn on": Extent.WHOLE}))

    async def recognize(audio: AudioFeed) -> str:
        async for transcript in PauseAsr().transcribe(audio):
            if transcript.pause_text is not None:
                scene.ending.hear(transcript)
        return transcript.text

    async with scene.ending.judging(), asyncio.TaskGroup() as tasks:
        text = tasks.create_task(recognize(scene.utterance.audio))
        await scene.say(VOICE, 1.0)
        for _ in range(40):
            await scene.say(SILENCE, STEP)
            for _ in range(6):
                await asyncio.sleep(0)
    assert text.result() == "turn on"
    assert scene.silent < 0.3


@pytest.mark.parametrize(("extent", "waits"), [(Extent.WHOLE, False), (Extent.OPEN, True)])
async def test_what_cannot_be_undone_waits_where_the_request_could_go_on(
    extent: Extent, waits: bool
) -> None:
    scene = Scene(Judge({"turn on": extent}))
    async with scene.ending.judging():
        await scene.say(VOICE, 1.0)
        await scene.say(SILENCE, 0.16)
        await scene.understand("turn on")
        await scene.say(SILENCE, 5.0)
    clock = asyncio.get_running_loop().time
    began = clock()
    await scene.ending.certain()
    expected = SETTINGS.silence - OPEN if waits else 0.0
    assert clock() - began == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize(
    ("finished", "silence"), [(True, SURE), (False, BEGUN), (None, SETTINGS.silence)]
)
@pytest.mark.parametrize("llm", [ScriptedLlm(), Judge({})], ids=["no judge", "unknown text"])
async def test_what_the_sentences_do_not_know_ends_by_its_melody(
    llm: Llm, finished: bool | None, silence: float
) -> None:
    ear = Ear(finished)
    scene = Scene(llm, melody=ear)
    async with scene.ending.judging():
        await scene.say(VOICE, 1.0)
        await scene.say(SILENCE, 0.16)
        await scene.understand("tell me a story")
        await scene.say(SILENCE, 5.0)
    assert scene.silent == pytest.approx(silence, abs=2.1 * STEP)
    assert scene.ending.by_melody is (finished is True)
    # one look, at the sound up to 0.2 s of silence
    (sound,) = ear.sounds
    assert len(sound) == pytest.approx(SPEECH.bytes_of(1.2), abs=2.1 * SPEECH.bytes_of(STEP))


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize(
    ("extent", "silence"), [(Extent.WHOLE, WHOLE), (Extent.OPEN, OPEN), (Extent.BEGUN, BEGUN)]
)
@pytest.mark.parametrize("known", [0.16, 0.3], ids=["before the look", "after it"])
async def test_the_sentences_count_more_than_the_melody(
    finished: bool, extent: Extent, silence: float, known: float
) -> None:
    scene = Scene(Judge({"turn on": extent}), melody=Ear(finished))
    async with scene.ending.judging():
        await scene.say(VOICE, 1.0)
        await scene.say(SILENCE, known)
        await scene.understand("turn on")
        await scene.say(SILENCE, 5.0)
    assert scene.silent == pytest.approx(max(silence, known), abs=2.1 * STEP)
    assert not scene.ending.by_melody


@pytest.mark.parametrize("finished", [True, False])
async def test_each_pause_is_looked_at_alone(finished: bool) -> None:
    ear = Ear(finished)
    scene = Scene(ScriptedLlm(), melody=ear)
    async with scene.ending.judging():
        for _ in range(3):
            await scene.say(VOICE, 0.5)
            await scene.say(SILENCE, 0.4)
        ear.answer = None
        await scene.say(VOICE, 0.5)
        await scene.say(SILENCE, 5.0)
    assert len(ear.sounds) == 4
    assert scene.silent == pytest.approx(SETTINGS.silence, abs=1.1 * STEP)
    assert not scene.ending.by_melody


async def test_a_look_that_ends_after_more_speech_counts_no_more() -> None:
    ear = Ear(False)
    scene = Scene(ScriptedLlm(), melody=ear)
    async with scene.ending.judging():
        await scene.say(VOICE, 1.0)
        ear.wait = True
        await scene.say(SILENCE, 0.25)
        await scene.say(VOICE, 0.5)
        ear.wait = False
        ear.gate.set()
        ear.answer = None
        await scene.say(SILENCE, 5.0)
    assert len(ear.sounds) == 2
    assert scene.silent == pytest.approx(SETTINGS.silence, abs=1.1 * STEP)


async def test_what_cannot_be_undone_waits_for_the_usual_silence_after_a_melody() -> None:
    scene = Scene(ScriptedLlm(), melody=Ear(True))
    async with scene.ending.judging():
        await scene.say(VOICE, 1.0)
        await scene.say(SILENCE, 5.0)
    clock = asyncio.get_running_loop().time
    began = clock()
    await scene.ending.certain()
    assert clock() - began == pytest.approx(SETTINGS.silence - SURE, abs=0.15)
