"""Wake words that are written down, with tiny models in the published layout, which hear tones."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sherpa_onnx", reason="satellite-voice[sherpa] is not installed")
pytest.importorskip("sentencepiece", reason="satellite-voice[sherpa] is not installed")
pytest.importorskip("pypinyin", reason="satellite-voice[sherpa] is not installed")

import sentencepiece
import sherpa_onnx

from satellite.components import spec
from satellite.conformance import CHECKS, Check, Make, WakeSample, fresh
from satellite.errors import EngineFailed, ModelMissing
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.ports import EngineContext
from satellite.settings import ModelSettings
from satellite.values import Detection, DetectRequest
from servers.models import sherpa_files
from servers.models.store import Store
from servers.serve.server import serving
from servers.wake.sherpa.engine import SherpaWake
from servers.wake.sherpa.spelling import Speller
from tests.support.sherpa_models import speech, write_tokens, write_zipformer

PINYIN = ("x", "iǎo", "ài", "t", "óng", "ué")
XIAO_AI = [0, 1, 2, 3, 4, 0, 5]
"""小爱同学 in these tokens."""
XIAO_TONG = [0, 1, 3, 4]
"""小同 in these tokens."""


def write_pieces(folder: Path, text: str) -> list[str]:
    """Write bpe.model; return the pieces of the text."""
    folder.mkdir(parents=True, exist_ok=True)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([text] * 20),
        model_writer=model,
        vocab_size=len({*text}) + 8,
        model_type="bpe",
        minloglevel=9,
    )
    (folder / "bpe.model").write_bytes(model.getvalue())
    encoder = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    return list(encoder.encode(text, out_type=str))


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_zipformer(tmp_path_factory.mktemp("models") / "kws-zh", PINYIN)


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "kws-en"
    pieces = write_pieces(folder, "HEY COMPUTER")
    return write_zipformer(folder, list(dict.fromkeys(pieces)))


@asynccontextmanager
async def opened(context: EngineContext | None = None, **options: Any) -> AsyncIterator[SherpaWake]:
    engine = SherpaWake(SherpaWake.Options(**options), context)
    try:
        yield engine
    finally:
        await engine.close()


async def chunks(audio: bytes, size: int = 2048) -> AsyncIterator[bytes]:
    for start in range(0, len(audio), size):
        yield audio[start : start + size]
        await asyncio.sleep(0)


async def heard(engine: SherpaWake, audio: bytes, *words: str) -> list[Detection]:
    silence = bytes(32_000)
    found = engine.detect(chunks(silence + audio + silence), DetectRequest(words=words))
    return [detection async for detection in found]


async def test_a_chinese_word_is_heard_as_it_is_written(chinese: Path) -> None:
    async with opened(words=("小爱同学",), model=str(chinese)) as engine:
        audio = speech(XIAO_AI, 6)
        (found,) = await heard(engine, audio)
        assert (found.word, found.phrase) == ("小爱同学", "小爱同学")
        assert 16_000 < found.sample <= 16_000 + len(audio) // 2 + 16_000
        assert await heard(engine, speech([5, 4, 3, 2, 1, 0], 6)) == []


async def test_several_words_are_distinguished(chinese: Path) -> None:
    async with opened(words=("小爱同学", "小同"), model=str(chinese), refractory=0) as engine:
        both = speech(XIAO_AI, 6) + bytes(32_000) + speech(XIAO_TONG, 6)
        assert [found.word for found in await heard(engine, both)] == ["小爱同学", "小同"]
        assert [found.word for found in await heard(engine, both, "小同")] == ["小同"]
        with pytest.raises(ModelMissing, match="did you mean 小爱同学"):
            await heard(engine, both, "小爱同")


async def test_a_word_is_heard_again_after_it_was_heard(chinese: Path) -> None:
    twice = (speech(XIAO_TONG, 6) + bytes(16_000)) * 2
    async with opened(words=("小同",), model=str(chinese), refractory=0) as engine:
        assert len(await heard(engine, twice)) == 2
    async with opened(words=("小同",), model=str(chinese), refractory=60) as engine:
        assert len(await heard(engine, twice)) == 1


async def test_silence_is_not_processed(chinese: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    word = speech(XIAO_TONG, 6)
    counts = []
    whole = sherpa_onnx.KeywordSpotter.decode_stream
    for rest in (True, False):
        seen = 0

        def decode(spotter: Any, stream: Any) -> None:
            nonlocal seen
            seen += 1
            whole(spotter, stream)

        with monkeypatch.context() as patched:
            patched.setattr(sherpa_onnx.KeywordSpotter, "decode_stream", decode)
            async with opened(words=("小同",), model=str(chinese), rest=rest) as engine:
                assert len(await heard(engine, bytes(32_000 * 30) + word)) == 1
        counts.append(seen)
    assert counts[0] < counts[1] / 3


async def test_each_word_has_the_pulled_model_that_can_write_it(
    chinese: Path, english: Path, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    store.take("sherpa", "kws-zh", chinese)
    context = EngineContext(models=ModelSettings(folder=str(tmp_path)))
    async with opened(context, words=("小同", "hey computer")) as engine:
        with pytest.raises(ModelMissing, match=r'cannot write "hey", "computer".*sherpa:kws-en'):
            await engine.load()
        store.take("sherpa", "kws-en", english)
        await engine.load()
        models = {model.name: model.languages for model in engine.describe().models}
        assert models == {"小同": ("zh",), "hey_computer": ("en",)}
        assert [found.word for found in await heard(engine, speech(XIAO_TONG, 6))] == ["小同"]
        count = len(sherpa_files.symbols(english / "tokens.txt")) - 2
        order = dict.fromkeys(write_pieces(tmp_path / "again", "HEY COMPUTER"))
        said = [list(order).index(piece) for piece in write_pieces(tmp_path, "HEY COMPUTER")]
        assert [found.word for found in await heard(engine, speech(said, count))] == [
            "hey_computer"
        ]


async def test_without_a_model_the_remedy_is_reported(tmp_path: Path) -> None:
    context = EngineContext(models=ModelSettings(folder=str(tmp_path)))
    for word, model in (("小爱同学", "kws-zh"), ("hey computer", "kws-en")):
        async with opened(context, words=(word,)) as engine:
            with pytest.raises(ModelMissing, match=f"satellite models pull sherpa:{model}"):
                await engine.load()
    async with opened(context) as engine:
        with pytest.raises(ModelMissing, match="no wake word is configured"):
            await engine.load()


async def test_characters_that_a_model_cannot_write_are_named(chinese: Path) -> None:
    async with opened(words=("小爱猫",), model=str(chinese)) as engine:
        with pytest.raises(ModelMissing, match='the model kws-zh cannot write "猫"'):
            await engine.load()


async def test_a_damaged_model_is_reported(chinese: Path, tmp_path: Path) -> None:
    folder = write_zipformer(tmp_path / "kws", PINYIN)
    decoder = next(folder.glob("decoder*"))
    decoder.write_bytes(decoder.read_bytes()[:-10])
    async with opened(words=("小同",), model=str(folder)) as engine:
        with pytest.raises(EngineFailed, match="is not a complete ONNX model"):
            await engine.load()


@pytest.mark.parametrize("word", ["小爱同学", "你好军哥", "女王绿洲", "安静", "重庆儿化", "长大"])
def test_words_are_written_as_the_library_writes_them(word: str, tmp_path: Path) -> None:
    from pypinyin import pinyin
    from pypinyin.contrib.tone_convert import to_finals_tone, to_initials

    sounds = [
        part
        for (syllable,) in pinyin(word)
        for part in (to_initials(syllable, strict=False), to_finals_tone(syllable, strict=False))
    ]
    folder = write_zipformer(tmp_path, list(dict.fromkeys(["zh", "ǎn", *filter(None, sounds)])))
    (theirs,) = sherpa_onnx.text2token(
        [word], tokens=str(folder / "tokens.txt"), tokens_type="ppinyin"
    )
    assert Speller(sherpa_files.read(folder)).tokens(word) == theirs


def test_pieces_and_characters_are_written_as_the_library_writes_them(tmp_path: Path) -> None:
    pieces = write_pieces(tmp_path, "HEY COMPUTER")
    folder = write_zipformer(tmp_path, list(dict.fromkeys(["你", "好", *pieces])))
    (theirs,) = sherpa_onnx.text2token(
        ["你好 HEY"],
        tokens=str(folder / "tokens.txt"),
        tokens_type="cjkchar+bpe",
        bpe_model=str(folder / "bpe.model"),
    )
    speller = Speller(sherpa_files.read(folder))
    assert speller.tokens("你好 hey") == speller.tokens("你好 HEY") == theirs


def test_phonemes_are_those_of_the_lexicon(tmp_path: Path) -> None:
    folder = write_zipformer(tmp_path, ["zh", "ǎn", "n", "ǐ", "HH", "AH0", "L", "OW1"])
    (folder / "en.phone").write_text("HELLO HH AH0 L OW1\n")
    speller = Speller(sherpa_files.read(folder))
    assert speller.tokens("你 hello") == ["n", "ǐ", "HH", "AH0", "L", "OW1"]
    with pytest.raises(ModelMissing, match='cannot write "robot"'):
        speller.tokens("hello robot")


def test_a_model_of_unknown_tokens_is_reported(tmp_path: Path) -> None:
    folder = write_zipformer(tmp_path, ["a", "b"])
    write_tokens(folder, ["<blk>", "a", "b"])
    with pytest.raises(EngineFailed, match="of no kind that is known"):
        Speller(sherpa_files.read(folder))


def here(folder: Path) -> Make:
    return fresh(lambda: spec.create("wake", f"sherpa-onnx:小同?model={folder}"))


def there(folder: Path) -> Make:
    @asynccontextmanager
    async def make() -> AsyncIterator[Any]:
        async with here(folder)() as engine:
            await engine.load()
            async with (
                serving("wake", engine, "tcp://127.0.0.1:0") as uri,
                fresh(lambda: remote(uri, "wake", pairing=Pairing()))() as far,
            ):
                yield far

    return make


@pytest.mark.parametrize("place", [here, there], ids=["here", "wire"])
@pytest.mark.parametrize("check", CHECKS["wake"], ids=lambda check: check.name)
async def test_it_conforms(check: Check, place: Any, chinese: Path) -> None:
    sample = WakeSample(
        audio=bytes(32_000) + speech(XIAO_TONG, 6), word="小同", other=speech([5, 2, 1], 6)
    )
    await check.run(place(chinese), sample)
