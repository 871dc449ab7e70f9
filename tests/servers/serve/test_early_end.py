"""Requests of clients that wait for silence alone end by their meaning, and lose no word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

import pytest
from wyoming.event import Event

from satellite.errors import EngineFailed
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.values import SPEECH, Extent, ReplyRequest, TranscribeRequest, Transcript
from servers.asr.whisper.engine import FasterWhisper
from servers.llm.intents import Intents
from servers.serve import serving
from servers.serve.early_end import RequestJudge
from tests.servers.serve.golden import chunk, lines, utterance
from tests.support.engines import Scripted, ScriptedLlm
from tests.support.peers import Client, client
from tests.support.real_models import real_model
from tests.support.real_voice import VOICE, speak_all
from tests.support.speech import silence

ANY = "tcp://127.0.0.1:0"
STEP = 0.1
"""Seconds of one chunk."""

WORDS = ("", "turn", "off", "all the lights", "in the kitchen", "ten", "past")
EXTENTS = {
    "turn": Extent.BEGUN,
    "turn off": Extent.BEGUN,
    "turn off all the lights": Extent.OPEN,
    "turn off all the lights in the kitchen": Extent.WHOLE,
}


class WordAsr(Scripted):
    """Hears word n of `WORDS` in a chunk of samples n, and pauses as Whisper does."""

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        with self._call(request):
            spoken: list[int] = []
            now = quiet = 0.0
            reported = ""
            async for piece in audio:
                now += SPEECH.seconds(piece)
                if word := piece[0]:
                    quiet = 0.0
                    spoken += [word] if word not in spoken[-1:] else []
                    continue
                quiet += SPEECH.seconds(piece)
                text = say(spoken)
                if request.pauses and text and quiet > 0.15:
                    if request.lasting or text != reported:
                        reported = text
                        yield Transcript(
                            text="", final=False, pause_text=text, until=now, quiet=quiet
                        )
                    await asyncio.sleep(0)
            yield Transcript(text=say(spoken), final=True)


def say(words: Sequence[int]) -> str:
    return " ".join(WORDS[word] for word in words)


class Judge(ScriptedLlm):
    """Knows `EXTENTS`; waits for `gate`."""

    def __init__(self, gate: asyncio.Event | None = None, failing: bool = False) -> None:
        super().__init__()
        self.gate = gate
        self.failing = failing
        self.asked: list[str] = []

    async def judge(self, request: ReplyRequest) -> AsyncGenerator[Extent, None]:
        self.asked.append(request.text)
        assert request.irrevocable, "nothing joins what follows"
        if self.failing:
            raise EngineFailed("broken")
        if self.gate is not None and request.text in EXTENTS:
            await self.gate.wait()
        yield EXTENTS.get(request.text, Extent.UNKNOWN)


class Listener:
    """A client that streams words and silence, and notes when the transcript comes."""

    def __init__(self, judge: Judge | None = None) -> None:
        self.judge = judge or Judge()
        self.sent = 0.0
        self.came: asyncio.Queue[Event] = asyncio.Queue()

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator[None, None]:
        def request_for(text: str, language: str | None) -> ReplyRequest:
            return ReplyRequest(text=text, language=language)

        judge = RequestJudge(self.judge, request_for)
        async with serving("asr", WordAsr(), ANY, judge=judge) as uri, client(uri) as self.peer:
            self.uri = uri
            reading = asyncio.create_task(self._read())
            yield
            reading.cancel()

    async def _read(self) -> None:
        while (event := await self.peer.connection.read()) is not None:
            if event.type == "transcript":
                self.came.put_nowait(event)

    async def begin(self, **data: object) -> None:
        self.sent = 0.0
        await self.peer.send(Event("transcribe", {"language": "en", **data}))

    async def say(self, *words: int) -> Event | None:
        """Send a chunk of each word; return the transcript, if it has come."""
        for word in words:
            self.sent += STEP
            await self.peer.send(chunk(bytes([word, 0]) * round(STEP * 16000)))
            if (found := await self.transcript(0.02)) is not None:
                return found
        return None

    async def end(self) -> str:
        await self.peer.send(Event("audio-stop"))
        found = await self.transcript(5.0)
        assert found is not None
        return str(found.data["text"])

    async def transcript(self, seconds: float) -> Event | None:
        try:
            async with asyncio.timeout(seconds):
                return await self.came.get()
        except TimeoutError:
            return None


async def test_a_whole_request_is_answered_while_the_client_streams_on() -> None:
    listener = Listener()
    async with listener.connected():
        for _ in range(2):
            await listener.begin()
            assert await listener.say(1, 2, 3, 4, 0) is None
            found = await listener.say(*[0] * 9)
            assert found is not None
            assert found.data["text"] == "turn off all the lights in the kitchen"
            assert listener.sent <= 0.4 + 0.4
            # what follows is dropped, and the connection serves the next request
            await listener.peer.send(*(chunk() for _ in range(20)), Event("audio-stop"))


@pytest.mark.parametrize("words", [(1, 2), (1, 2, 3), (5, 6)])
async def test_requests_that_may_go_on_and_unknown_ones_end_with_the_client(
    words: tuple[int, ...],
) -> None:
    listener = Listener()
    async with listener.connected():
        await listener.begin()
        assert await listener.say(*words, *[0] * 20) is None
        assert await listener.end() == say(words)


@pytest.mark.parametrize("pause", [1, 4, 8, 13])
async def test_a_pause_within_a_request_that_could_go_on_loses_no_word(pause: int) -> None:
    listener = Listener()
    async with listener.connected():
        await listener.begin()
        assert await listener.say(1, 2, 3, *[0] * pause, 4) is None
        found = await listener.say(*[0] * 9)
        assert found is not None
        assert found.data["text"] == "turn off all the lights in the kitchen"


async def test_speech_that_goes_on_while_the_text_is_judged_is_not_cut() -> None:
    gate = asyncio.Event()
    listener = Listener(Judge(gate))
    async with listener.connected():
        await listener.begin()
        assert await listener.say(1, 2, 3, 4, 0, 0) is None
        assert await listener.say(5, 6) is None
        gate.set()
        assert await listener.say(*[0] * 9) is None
        assert await listener.end() == "turn off all the lights in the kitchen ten past"


@pytest.mark.parametrize("asked", [True, False])
async def test_our_own_satellites_end_their_requests_themselves(asked: bool) -> None:
    listener = Listener()
    async with listener.connected():
        asr = remote(listener.uri, "asr", pairing=Pairing())

        async def audio() -> AsyncIterator[bytes]:
            for word in (1, 2, 3, 4, *[0] * 20, 5):
                await asyncio.sleep(0.005)
                yield bytes([word, 0]) * round(STEP * 16000)

        request = TranscribeRequest(language="en", pauses=asked)
        async with aclosing(asr.transcribe(audio(), request)) as found:
            heard = [transcript async for transcript in found]
        await asr.close()
    assert heard[-1].text == "turn off all the lights in the kitchen ten"
    assert bool([each for each in heard if each.pause_text]) == asked
    assert listener.judge.asked == []


async def test_a_judge_that_fails_changes_nothing() -> None:
    listener = Listener(Judge(failing=True))
    async with listener.connected():
        await listener.begin()
        assert await listener.say(1, 2, 3, 4, *[0] * 12) is None
        assert await listener.end() == "turn off all the lights in the kitchen"


async def test_other_clients_are_sent_no_reports_of_pauses() -> None:
    judge = RequestJudge(Judge(), lambda text, language: ReplyRequest(text=text))
    async with serving("asr", WordAsr(), ANY, judge=judge) as uri, client(uri) as peer:
        pieces = [chunk(bytes([word, 0]) * 1600) for word in (1, 2, 0, 0, 0, 0, 3)]
        await peer.send(Event("transcribe"), *utterance(*pieces))
        assert lines(await peer.until("transcript")) == ["transcript turn off all the lights"]


@pytest.mark.parametrize(
    ("parts", "pause"),
    [
        (("Set the volume to fifty percent.",), 0.0),
        (("Set the volume to", "fifty percent."), 0.5),
    ],
)
async def test_real_speech_ends_early_and_whole(parts: tuple[str, ...], pause: float) -> None:
    """With the weights of Whisper tiny.en and a voice of Piper, at the pace of a microphone."""
    model = real_model("whisper-tiny.en")
    said = silence(pause).join(await speak_all(real_model(VOICE), parts))
    sound = silence(0.3) + said + silence(10.0)
    whisper = FasterWhisper(FasterWhisper.Options(model=str(model), language="en"))
    sentences = Intents(Intents.Options())
    await whisper.load()

    def request_for(text: str, language: str | None) -> ReplyRequest:
        return ReplyRequest(text=text, language=language)

    step, sent, loop = SPEECH.bytes_of(STEP), 0, asyncio.get_running_loop()
    judge = RequestJudge(sentences, request_for)
    async with serving("asr", whisper, ANY, judge=judge) as uri, client(uri) as peer:
        await peer.send(Event("transcribe", {"language": "en"}))
        answer = asyncio.create_task(transcript_of(peer))
        began = loop.time()
        while sent < len(sound) and not answer.done():
            await peer.send(chunk(sound[sent : sent + step]))
            sent += step
            await asyncio.sleep(began + SPEECH.seconds(sound[:sent]) - loop.time())
        early = answer.done()
        await peer.send(Event("audio-stop"))
        text = await answer
    await whisper.close()
    await sentences.close()
    assert early, "it ended before the client did"
    assert text.lower().strip(" .") in ("set the volume to 50%", "set the volume to 50 percent")


async def transcript_of(peer: Client) -> str:
    async with asyncio.timeout(60):
        while (event := await peer.connection.read()) is None or event.type != "transcript":
            assert event is not None, "hung up"
    return str(event.data["text"])
