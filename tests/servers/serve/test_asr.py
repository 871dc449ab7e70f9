"""Speech-to-text as a service: the order of events, for any format of audio."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import pytest
from wyoming.event import Event

from satellite.errors import ModelMissing
from satellite.net import alternatives
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.values import TranscribeRequest, Transcript
from servers.serve import serving
from tests.servers.serve.golden import chunk, lines, utterance
from tests.support.engines import ScriptedAsr
from tests.support.peers import client

ANY = "tcp://127.0.0.1:0"


async def test_an_utterance_of_home_assistant_is_transcribed() -> None:
    engine = ScriptedAsr(["turn on the lamp"])
    async with serving("asr", engine, ANY) as uri, client(uri) as peer:
        names = {"transcript_names": ["lamp"], "transcript_terms": ["den"], "name": "base"}
        await peer.send(Event("transcribe", {"language": "en", **names}), *utterance())
        assert lines(await peer.until("transcript")) == ["transcript turn on the lamp"]
    (request,) = engine.requests
    assert (request.language, request.model) == ("en", "base")
    assert (request.names, request.terms) == (("lamp",), ("den",))
    assert engine.heard == [bytes(3200)]


async def test_expected_answers_reach_the_engine() -> None:
    engine = ScriptedAsr(["the first"])
    answers = ("the first", "the second")
    async with serving("asr", engine, ANY) as uri:
        asr = remote(uri, "asr", pairing=Pairing())
        audio = once(bytes(3200))
        request = TranscribeRequest(language="en", answers=answers)
        async with aclosing(asr.transcribe(audio, request)) as found:
            assert [transcript.text async for transcript in found] == ["the first"]
        await asr.close()
    assert engine.requests[0].answers == answers


@pytest.mark.parametrize("answers", ["the first", {"a": 1}, 3, None])
async def test_malformed_expected_answers_are_ignored(answers: object) -> None:
    engine = ScriptedAsr(["turn on the lamp"])
    async with serving("asr", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("transcribe", {"transcript_answers": answers}), *utterance())
        assert lines(await peer.until("transcript")) == ["transcript turn on the lamp"]
    assert engine.requests[0].answers == ()


class TwoNumbers(ScriptedAsr):
    """Hears one of two numbers, at a pause and at the end."""

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        async for _ in audio:
            pass
        first, second = "for 40 minutes", "for 14 minutes"
        yield Transcript(
            text="for", final=False, pause_text=first, until=1.0, alternatives=(second,)
        )
        yield Transcript(text=first, final=True, alternatives=(second,))


async def test_texts_that_may_have_been_said_instead_reach_the_satellite() -> None:
    async with serving("asr", TwoNumbers([]), ANY) as uri:
        asr = remote(uri, "asr", pairing=Pairing())
        transcripts = asr.transcribe(once(bytes(3200)), TranscribeRequest(pauses=True))
        async with aclosing(transcripts) as found:
            heard = [transcript async for transcript in found]
        await asr.close()
    assert [(each.final, each.alternatives) for each in heard] == [
        (False, ("for 14 minutes",)),
        (True, ("for 14 minutes",)),
    ]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("for 14 minutes", ()),
        ({"a": 1}, ()),
        ([3, "", None, "x" * 1001, "a"], ("a",)),
        (list("abcdefg"), ("a", "b", "c", "d")),
    ],
)
def test_other_texts_are_bounded_and_checked(sent: object, read: tuple[str, ...]) -> None:
    event = Event("transcript", {"text": "for 40 minutes", "alternatives": sent})
    assert alternatives.read(event) == read


async def once(audio: bytes) -> AsyncIterator[bytes]:
    yield audio


async def test_partial_transcripts_frame_the_final_one() -> None:
    engine = ScriptedAsr(["turn|turn on|turn on it"])
    async with serving("asr", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("transcribe"), *utterance())
        events = await peer.until("transcript-stop")
    assert lines(events) == [
        "transcript-start",
        "transcript-chunk turn",
        "transcript-chunk  on",
        "transcript turn on it",
        "transcript-stop",
    ]


async def test_a_streaming_engine_sends_a_chunk_even_without_partials() -> None:
    """Clients that send faster than real time test for the chunks that `info` promises."""
    engine = ScriptedAsr(["turn on it"], streaming=True)
    async with serving("asr", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("transcribe"), *utterance())
        events = await peer.until("transcript-stop")
    assert lines(events) == [
        "transcript-start",
        "transcript-chunk turn on it",
        "transcript turn on it",
        "transcript-stop",
    ]


async def test_a_streaming_engine_that_hears_nothing_sends_no_chunk() -> None:
    async with serving("asr", ScriptedAsr([""], streaming=True), ANY) as uri, client(uri) as peer:
        await peer.send(Event("transcribe"), *utterance())
        events = await peer.until("transcript")
    assert lines(events) == ["transcript "]


async def test_a_revised_partial_appends_no_wrong_text() -> None:
    """A stranger appends chunks: what cannot be appended goes into our own field alone."""
    async with serving("asr", ScriptedAsr(["a bee|abbey|x"]), ANY) as uri, client(uri) as peer:
        await peer.send(Event("transcribe"), *utterance())
        _, first, second, *_ = await peer.until("transcript-stop")
    assert [event.data["text"] for event in (first, second)] == ["a bee", ""]
    assert [event.data["so_far"] for event in (first, second)] == ["a bee", "abbey"]


async def test_several_requests_share_one_connection_with_and_without_transcribe() -> None:
    engine = ScriptedAsr(["one", "two", "three"])
    async with serving("asr", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("transcribe"), *utterance(), *utterance())
        assert lines(await peer.until("transcript")) == ["transcript one"]
        assert lines(await peer.until("transcript")) == ["transcript two"]
        await peer.send(Event("transcribe"), *utterance())
        assert lines(await peer.until("transcript")) == ["transcript three"]


async def test_an_early_answer_comes_before_the_end_and_the_rest_is_dropped() -> None:
    engine = ScriptedAsr(["early", "next"], early=True)
    async with serving("asr", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("transcribe"), *utterance()[:-1])
        assert lines(await peer.until("transcript")) == ["transcript early"]
        await peer.send(chunk(), chunk(), Event("audio-stop"), Event("ping", {"text": "x"}))
        assert lines(await peer.until("pong")) == ["pong x"]
        await peer.send(Event("transcribe"), *utterance())
        assert lines(await peer.until("transcript")) == ["transcript next"]
    assert len(engine.requests) == 2


async def test_a_new_request_abandons_the_unfinished_one() -> None:
    engine = ScriptedAsr(["answer"])
    async with serving("asr", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("transcribe"), *utterance()[:-1])
        await peer.send(Event("transcribe"), *utterance())
        assert lines(await peer.until("transcript")) == ["transcript answer"]
    assert len(engine.heard) == 1


@pytest.mark.parametrize(("rate", "channels"), [(48000, 2), (8000, 1), (16000, 2), (44100, 1)])
async def test_audio_of_any_rate_becomes_16_khz_mono(rate: int, channels: int) -> None:
    engine = ScriptedAsr(["x"])
    second = bytes(2 * rate * channels)
    pieces = [second[start : start + 5001] for start in range(0, len(second), 5001)]
    events = [chunk(piece, rate=rate, channels=channels) for piece in pieces]
    async with serving("asr", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("transcribe"), *utterance(*events))
        await peer.until("transcript")
    assert abs(len(engine.heard[0]) - 32000) < 400


async def test_an_error_of_the_engine_is_reported_and_the_connection_stays() -> None:
    engine = ScriptedAsr(["x"], error=ModelMissing("base is not here: download it"))
    async with serving("asr", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("transcribe"), *utterance())
        (event,) = await peer.until("error")
        assert event.data == {"text": "base is not here: download it", "code": "model-missing"}
        await peer.send(Event("describe"))
        assert lines(await peer.until("info")) == ["info"]


async def test_an_unexpected_exception_is_reported_as_a_failure_of_the_engine(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine = ScriptedAsr(["x"], error=ZeroDivisionError("oops"))
    async with serving("asr", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("transcribe"), *utterance())
        (event,) = await peer.until("error")
    assert event.data == {"text": "ZeroDivisionError: oops", "code": "failed"}
    assert caplog.records[-1].exc_info


async def test_endless_audio_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("servers.serve.asr.LONGEST", 0.5)
    async with serving("asr", ScriptedAsr(), ANY) as uri, client(uri) as peer:
        await peer.send(Event("transcribe"), *[chunk() for _ in range(6)])
        (error,) = await peer.until("error")
        assert error.data["text"] == "one request may last 0.5 s: send it in parts"
        await peer.send(Event("audio-stop"), Event("describe"))
        assert lines(await peer.until("info")) == ["info"]


class PauseAsr(ScriptedAsr):
    """Reports the text up to a pause, to those who want it."""

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        self.requests.append(request)
        if request.pauses:
            yield Transcript(text="turn", final=False, pause_text="turn on the lamp", until=1.25)
        async for _ in audio:
            pass
        yield Transcript(text="turn on the lamp", final=True)


@pytest.mark.parametrize("pauses", [True, False])
async def test_the_text_up_to_a_pause_is_sent_to_clients_that_ask_for_it(pauses: bool) -> None:
    async def audio() -> AsyncGenerator[bytes, None]:
        yield bytes(3200)

    engine = PauseAsr(streaming=True)
    async with serving("asr", engine, ANY) as uri:
        asr = remote(uri, "asr", pairing=Pairing())
        request = TranscribeRequest(pauses=pauses)
        found = [each async for each in asr.transcribe(audio(), request)]
        await asr.close()
    assert engine.requests[0].pauses is pauses
    assert found[-1] == Transcript(text="turn on the lamp", final=True)
    guesses = [(each.pause_text, each.until) for each in found if each.pause_text is not None]
    assert guesses == ([("turn on the lamp", 1.25)] if pauses else [])
