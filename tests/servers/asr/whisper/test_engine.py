"""The whole engine: recognized and rejected sounds, and the release of resources."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import numpy as np
import psutil
import pytest

pytest.importorskip("faster_whisper", reason="satellite-voice[server] is not installed")

from satellite.components import spec
from satellite.conformance import CHECKS, AsrSample, Check, fresh
from satellite.conformance.feeding import feed
from satellite.errors import EngineFailed, ModelMissing, SatelliteError
from satellite.values import TranscribeRequest, Transcript
from servers.asr.whisper.engine import FasterWhisper
from tests.support.peers import until
from tests.support.speech import noise, silence, speak, tone
from tests.support.whisper_model import Manner, made_whisper, saying

SPEECH = speak("turn on the lamp")
OPTIONS = FasterWhisper.Options(model=str(made_whisper()), num_workers=2, cpu_threads=1)


def breath(seconds: float) -> bytes:
    """Return noise like breathing: low, rising and falling three times."""
    samples = np.frombuffer(noise(seconds, 0.1), "<i2").astype(float)
    soft = np.convolve(samples, np.ones(16) / 16, mode="same")
    swell = np.sin(np.linspace(0, 3 * np.pi, len(soft))) ** 2
    return (2 * soft * swell).astype("<i2").tobytes()


def music(seconds: float) -> bytes:
    """Return chords that change every half second."""
    chords = [(262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294)]
    parts = []
    for turn in range(int(seconds * 2)):
        tones = [np.frombuffer(tone(0.5, hz, 0.15), "<i2") for hz in chords[turn % 4]]
        parts.append(np.sum(tones, axis=0) * np.linspace(1, 0.3, len(tones[0])))
    return np.concatenate(parts).astype("<i2").tobytes()


@pytest.fixture
async def engine() -> AsyncIterator[FasterWhisper]:
    engine = FasterWhisper(OPTIONS)
    await engine.load()
    yield engine
    await engine.close()


async def transcribed(
    engine: FasterWhisper, audio: bytes, request: TranscribeRequest | None = None
) -> Transcript:
    found = engine.transcribe(feed(audio), request or TranscribeRequest())
    async with aclosing(found) as transcripts:
        *_, final = [transcript async for transcript in transcripts]
    return final


def english_only() -> str:
    return str(made_whisper(Manner(multilingual=False)))


def make(**options: Any) -> FasterWhisper:
    return FasterWhisper(FasterWhisper.Options(num_workers=1, cpu_threads=1, **options))


async def test_speech_is_transcribed(engine: FasterWhisper) -> None:
    spoken = await transcribed(engine, SPEECH)
    assert len(spoken.text.split()) == 12
    assert (spoken.final, spoken.language) == (True, "en")


@pytest.mark.parametrize(
    "sound",
    [silence(4), noise(4, 0.02), noise(4, 0.3), tone(4), music(4), breath(4), b"\0"],
    ids=["silence", "hiss", "loud noise", "tone", "music", "breathing", "half a sample"],
)
async def test_no_text_is_made_of(engine: FasterWhisper, sound: bytes) -> None:
    """Without the voice detector, the model would yield twelve words for each sound."""
    assert (await transcribed(engine, sound)).text == ""


async def test_without_the_voice_detector_the_quality_checks_decide() -> None:
    """The model yields text for any sound; each case has only one check that rejects it."""
    manners = {
        "no speech": Manner(certainty=2.0, no_speech=True),
        "repetition": Manner(words=(("so",),), endless=True),
        "phantom": Manner(words=(("Thanks",), ("for",), ("watching",)), certainty=6.0),
    }
    for name, manner in manners.items():
        assert await unheard(manner) == "", name
    assert await unheard(saying("good")) == "good"


async def unheard(manner: Manner) -> str:
    """Transcribe a noise without a voice detector."""
    model = str(made_whisper(manner))
    async with fresh(lambda: make(model=model, vad_filter=False, temperature=(0.0,)))() as engine:
        await engine.load()
        return (await transcribed(engine, noise(0.3))).text


@pytest.mark.parametrize("check", CHECKS["asr"], ids=lambda check: check.name)
async def test_whisper_conforms(check: Check) -> None:
    """The text depends on every decoded sample, so it shows that chunks do not matter."""
    text = f"{OPTIONS.model}?num_workers=2&cpu_threads=1"
    make = fresh(lambda: spec.create("asr", f"faster-whisper:{text}"))
    async with make() as engine:
        await engine.load()
        sample = AsrSample(audio=SPEECH, text=(await transcribed(engine, SPEECH)).text)
    await check.run(make, sample)


async def test_abandoned_requests_leave_no_trace(engine: FasterWhisper) -> None:
    """After a thousand abandoned requests, memory and tasks are as before."""

    async def abandon(turn: int) -> None:
        call = asyncio.ensure_future(transcribed(engine, SPEECH))
        await asyncio.sleep(turn % 7 / 1000)
        call.cancel()
        await asyncio.wait([call])

    async def abandon_many(count: int) -> float:
        for start in range(0, count, 20):
            await asyncio.gather(*(abandon(start + turn) for turn in range(20)))
        models = engine._models  # noqa: SLF001 - internal state, which only this test needs
        async with models.lend(OPTIONS.model) as loaded:
            await until(lambda: loaded.batches.idle)
            assert loaded.users == 1
        gc.collect()
        return psutil.Process().memory_info().rss / 2**20

    before = await abandon_many(300)
    after = await abandon_many(700)
    assert after - before < 16
    assert len(asyncio.all_tasks()) == 1
    assert (await transcribed(engine, SPEECH)).text


async def test_a_missing_model_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("asked the network"))
    engine = FasterWhisper(FasterWhisper.Options(model="nobody/no-such-model"))
    with pytest.raises(ModelMissing, match="satellite models pull whisper:nobody/no-such-model"):
        await engine.load()
    await engine.close()


async def test_a_stop_does_not_wait_for_a_model_that_is_being_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, go = threading.Event(), threading.Event()

    def load(*_: object) -> None:
        begun.set()
        go.wait(60)
        raise EngineFailed("nothing waits for this")

    monkeypatch.setattr("servers.asr.whisper.engine.Model", load)
    engine = FasterWhisper(OPTIONS)
    loading = asyncio.ensure_future(engine.load())
    try:
        await until(begun.is_set)
        loading.cancel()
        async with asyncio.timeout(10):
            await asyncio.wait([loading])
            await engine.close()
        assert loading.cancelled()
    finally:
        go.set()


async def test_an_unsupported_compute_type_is_reported() -> None:
    engine = FasterWhisper(FasterWhisper.Options(model=OPTIONS.model, compute_type="int3"))
    with pytest.raises(EngineFailed, match="int3"):
        await engine.load()
    await engine.close()


async def test_the_description_lists_languages(engine: FasterWhisper) -> None:
    info = engine.describe()
    assert info.streaming
    assert "de" in info.models[0].languages
    assert FasterWhisper(FasterWhisper.Options(model="tiny.en")).describe().models[0].name


@pytest.mark.parametrize("language", ["zh", "de-DE", "tlh"])
async def test_an_english_only_model_rejects_another_language(language: str) -> None:
    """It would write English words, whatever is said."""
    engine = make(model=english_only())
    await engine.load()
    assert engine.describe().models[0].languages == ("en",)
    for known in ("en", "en-GB", None):
        assert (await transcribed(engine, SPEECH, TranscribeRequest(language=known))).text
    with pytest.raises(ModelMissing, match=r"only English, .* models pull whisper:base"):
        await transcribed(engine, SPEECH, TranscribeRequest(language=language))
    await engine.close()


async def test_an_english_only_model_with_another_language_set_does_not_load() -> None:
    engine = make(model=english_only(), language="zh")
    with pytest.raises(ModelMissing, match="whisper:base"):
        await engine.load()
    await engine.close()


async def test_a_removed_option_is_named_as_removed() -> None:
    with pytest.raises(SatelliteError, match="encoder_window was removed: "):
        spec.create("asr", f"faster-whisper:{OPTIONS.model}?encoder_window=auto")


async def test_an_unknown_language_is_logged_once(
    engine: FasterWhisper, caplog: pytest.LogCaptureFixture
) -> None:
    for language in ("tlh", "tlh", "de-AT"):
        await transcribed(engine, SPEECH, TranscribeRequest(language=language))
    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert warnings == [
        'Whisper does not know the language "tlh": detecting the language of each request'
    ]
