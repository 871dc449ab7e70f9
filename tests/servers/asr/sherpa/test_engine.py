"""The engine `sherpa-onnx` with tiny models in the published layout, which hear tones."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sherpa_onnx", reason="satellite-voice[sherpa] is not installed")

from satellite.components import spec
from satellite.conformance import CHECKS, AsrSample, Check, Make, fresh
from satellite.errors import EngineClosed, EngineFailed, LanguageUnknown, ModelMissing
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.ports import EngineContext
from satellite.settings import ModelSettings
from satellite.values import TranscribeRequest, Transcript
from servers.asr.sherpa.engine import SherpaOnnx
from servers.asr.sherpa.recognizer import Recognizer
from servers.models.store import Store
from servers.serve.server import serving
from tests.support.sherpa_models import speech, write_sense_voice, write_zipformer

WORDS = ("▁TURN", "▁ON", "▁THE", "▁LIGHT", "S")
CHARACTERS = ("打", "开", "客", "厅", "灯")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("sherpa")
    return {
        "zipformer": write_zipformer(root / "zipformer-en", WORDS),
        "chinese": write_zipformer(root / "zipformer-zh", CHARACTERS),
        "sense": write_sense_voice(root / "sense", CHARACTERS),
    }


def engine_of(folder: Path, **options: Any) -> SherpaOnnx:
    chosen: dict[str, Any] = {"model": str(folder), "vad_filter": False, "num_threads": 1} | options
    return SherpaOnnx(SherpaOnnx.Options(**chosen))


@asynccontextmanager
async def opened(folder: Path, **options: Any) -> AsyncIterator[SherpaOnnx]:
    engine = engine_of(folder, **options)
    try:
        yield engine
    finally:
        await engine.close()


async def chunks(audio: bytes, size: int = 2048) -> AsyncIterator[bytes]:
    for start in range(0, len(audio), size):
        yield audio[start : start + size]
        await asyncio.sleep(0)


async def texts(
    engine: SherpaOnnx, tokens: Sequence[int | tuple[int, int]], count: int = 5, **request: Any
) -> list[str]:
    audio = chunks(speech(tokens, count))
    return [item.text async for item in engine.transcribe(audio, TranscribeRequest(**request))]


async def heard(engine: SherpaOnnx, tokens: Sequence[int], **request: Any) -> list[Transcript]:
    audio = chunks(speech(tokens, 5))
    return [item async for item in engine.transcribe(audio, TranscribeRequest(**request))]


async def test_partial_transcripts_are_never_taken_back(folders: dict[str, Path]) -> None:
    async with opened(folders["zipformer"]) as engine:
        found = await heard(engine, [0, 1, 2, 3, 4])
        assert engine.describe().streaming
    texts = [item.text for item in found]
    assert texts[-1] == "Turn on the lights"
    assert texts[:-1] == ["Turn", "Turn on", "Turn on the"]
    assert [item.final for item in found] == [False, False, False, True]


async def test_a_chinese_model_writes_without_spaces(folders: dict[str, Path]) -> None:
    async with opened(folders["chinese"]) as engine:
        found = await heard(engine, [0, 1, 2, 3, 4], language="zh-CN")
    assert found[-1].text == "打开客厅灯"
    assert found[-1].language == "zh-CN"
    assert len(found) > 3


async def test_text_is_written_in_the_script_of_the_request(folders: dict[str, Path]) -> None:
    async with opened(folders["sense"]) as engine:
        assert (await heard(engine, [0, 1, 2, 3, 4], language="zh-TW"))[-1].text == "打開客廳燈"
        whole = await heard(engine, [0, 1, 4])
        assert [item.text for item in whole] == ["打开灯"]
        assert whole[-1].language == "zh"
        assert not engine.describe().streaming
        assert engine.describe().models[0].languages == ("zh", "en", "ja", "ko", "yue")


@pytest.mark.parametrize(
    ("casing", "text"),
    [("sentence", "Turn on"), ("lower", "turn on"), ("as_is", "TURN ON")],
)
async def test_capitals_are_written_as_configured(
    folders: dict[str, Path], casing: str, text: str
) -> None:
    async with opened(folders["zipformer"], casing=casing, partials=False) as engine:
        assert [item.text for item in await heard(engine, [0, 1])] == [text]


async def test_utterances_at_once_are_decoded_in_batches(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(folders["zipformer"], partials=False) as engine:
        sizes: list[int] = []
        decode = Recognizer.decode

        def counted(recognizer: Recognizer, streams: Sequence[Any]) -> None:
            sizes.append(len(streams))
            decode(recognizer, streams)

        monkeypatch.setattr(Recognizer, "decode", counted)
        said = [[0, 1], [2, 3, 4], [0], [1, 2]] * 2
        found = await asyncio.gather(*(heard(engine, tokens) for tokens in said))
    assert [items[-1].text for items in found] == ["Turn on", "The lights", "Turn", "On the"] * 2
    assert max(sizes) > 1


async def test_a_name_is_heard_where_the_sound_is_nearly_it(tmp_path: Path) -> None:
    words = ("▁LAMB", "▁OF", "▁LAMP", "▁GREEN", "▁ON")
    folder = write_zipformer(tmp_path / "zipformer-en", words)
    names = ("green lamp", "lamp/:2", "läßt", "x" * 1000)
    async with opened(folder) as engine:
        ambiguous: list[int | tuple[int, int]] = [3, (0, 2), 4]
        assert (await texts(engine, ambiguous))[-1] == "Green lamb on"
        found = await texts(engine, ambiguous, names=names)
        assert found[-1] == "Green lamp on"
        assert all(found[-1].startswith(text) for text in found)
        # what was said is no name, however likely the name is
        assert (await texts(engine, [3, 0, 4], names=names))[-1] == "Green lamb on"
        assert (await texts(engine, [4, 1], names=names))[-1] == "On of"


async def test_names_change_nothing_in_a_model_without_pieces(tmp_path: Path) -> None:
    folder = write_zipformer(tmp_path / "zipformer-en", ("▁LAMB", "▁LAMP", "▁ON"))
    (folder / "bpe.vocab").unlink()
    async with opened(folder) as engine:
        assert await texts(engine, [(0, 1)], 3, names=("lamp",)) == ["Lamb"]


async def test_a_name_in_chinese_is_heard_by_its_characters(tmp_path: Path) -> None:
    folder = write_zipformer(tmp_path / "zipformer-zh", ("开", "听", "厅", "灯", "客"))
    async with opened(folder) as engine:
        assert (await texts(engine, [0, 4, (1, 2), 3]))[-1] == "开客听灯"
        assert (await texts(engine, [0, 4, (1, 2), 3], names=("客厅灯",)))[-1] == "开客厅灯"


async def test_silence_and_tones_without_a_voice_have_no_text(folders: dict[str, Path]) -> None:
    async with opened(folders["zipformer"], vad_filter=True) as engine:
        assert [item.text for item in await heard(engine, [0, 1, 2])] == [""]
    async with opened(folders["sense"]) as engine:
        silence = engine.transcribe(chunks(bytes(64_000)), TranscribeRequest())
        assert [item.text async for item in silence] == [""]


async def test_long_sound_is_cut_where_a_model_needs_it_at_once(folders: dict[str, Path]) -> None:
    async with opened(folders["sense"]) as engine:
        found = [
            item
            async for item in engine.transcribe(
                chunks(speech([0, 1, 4] * 40, 5), 64_000), TranscribeRequest()
            )
        ]
    assert len(found) > 1
    assert found[-1].text.startswith(found[0].text)
    assert found[-1].text.count("打开灯") >= 38  # a cut may be within a word


async def test_a_missing_model_is_reported_with_the_remedy(tmp_path: Path) -> None:
    context = EngineContext(models=ModelSettings(folder=str(tmp_path)))
    engine = SherpaOnnx(SherpaOnnx.Options(model="sense-voice"), context)
    with pytest.raises(ModelMissing, match="satellite models pull sherpa:sense-voice"):
        await engine.load()
    await engine.close()


async def test_a_damaged_model_is_reported_and_the_process_lives(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(folders["zipformer"], folder)
    encoder = next(folder.glob("encoder*"))
    whole = encoder.read_bytes()
    encoder.write_bytes(whole[: len(whole) // 2])
    async with opened(folder) as engine:
        with pytest.raises(EngineFailed, match="is not a complete ONNX model"):
            await engine.load()
        # a whole message, whose network is rubbish
        encoder.write_bytes(whole.replace(b"MatMul", b"MetMul"))
        with pytest.raises(EngineFailed, match="cannot load"):
            await engine.load()
        encoder.write_bytes(whole)
        joiner = next(folder.glob("joiner*"))
        saved = joiner.read_bytes()
        joiner.unlink()
        with pytest.raises(ModelMissing, match="has no joiner"):
            await engine.load()
        joiner.write_bytes(saved)
        assert (await heard(engine, [0, 1]))[-1].text == "Turn on"


async def test_another_language_or_model_is_refused(folders: dict[str, Path]) -> None:
    async with opened(folders["zipformer"]) as engine:
        with pytest.raises(LanguageUnknown, match="knows en, not"):
            await heard(engine, [0], language="de")
        with pytest.raises(ModelMissing, match='not "other"'):
            await heard(engine, [0], model="other")
        assert (await heard(engine, [0], language="en-GB"))[-1].text == "Turn"


async def test_a_closed_engine_ends_its_calls(folders: dict[str, Path]) -> None:
    engine = engine_of(folders["zipformer"])

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(2048)
            await asyncio.sleep(0.01)

    async def listen() -> None:
        async for _ in engine.transcribe(endless(), TranscribeRequest()):
            pass

    task = asyncio.create_task(listen())
    await asyncio.sleep(0.2)
    await engine.close()
    with pytest.raises(EngineClosed):
        await task
    with pytest.raises(EngineClosed):
        await heard(engine, [0])


async def test_auto_takes_a_model_of_the_language(folders: dict[str, Path], tmp_path: Path) -> None:
    store = Store(tmp_path)
    settings = ModelSettings(folder=str(tmp_path))
    store.take("sherpa", "sense-voice", folders["sense"])
    (kws := tmp_path / "kws").mkdir()
    shutil.copytree(folders["chinese"], kws, dirs_exist_ok=True)
    (kws / "keywords.txt").write_text("打 开 @打开\n")
    store.take("sherpa", "kws-zh", kws)
    chinese = EngineContext(models=settings, language="zh")
    assert await SherpaOnnx.auto(chinese) == "sense-voice"
    assert await SherpaOnnx.auto(EngineContext(models=settings, language="fr")) is None
    store.take("sherpa", "mine-zh", kws)
    assert await SherpaOnnx.auto(chinese) == "sense-voice"
    store.take("sherpa", "mine-zh", folders["chinese"])  # under the name of the wake words
    store.remove("sherpa", "sense-voice")
    assert await SherpaOnnx.auto(chinese) == "mine-zh"
    store.take("sherpa", "sense-voice", folders["sense"])
    assert await SherpaOnnx.auto(EngineContext(models=settings, language="en")) == "sense-voice"


def sample() -> AsrSample:
    return AsrSample(audio=speech([0, 1, 2, 3, 4], 5), text="turn on the lights")


def here(folder: Path) -> Make:
    options = "vad_filter=false&num_threads=1"
    return fresh(lambda: spec.create("asr", f"sherpa-onnx:{folder}?{options}"))


def there(folder: Path) -> Make:
    @asynccontextmanager
    async def make() -> AsyncIterator[Any]:
        async with here(folder)() as engine:
            await engine.load()
            async with (
                serving("asr", engine, "tcp://127.0.0.1:0") as uri,
                fresh(lambda: remote(uri, "asr", pairing=Pairing()))() as far,
            ):
                yield far

    return make


@pytest.mark.parametrize("place", [here, there], ids=["here", "wire"])
@pytest.mark.parametrize("model", ["zipformer", "sense"])
@pytest.mark.parametrize("check", CHECKS["asr"], ids=lambda check: check.name)
async def test_it_conforms(check: Check, model: str, place: Any, folders: dict[str, Path]) -> None:
    said = sample() if model == "zipformer" else AsrSample(speech([0, 1, 4], 5), "打开灯")
    await check.run(place(folders[model]), said)
