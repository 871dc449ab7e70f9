"""The files of a model for sherpa-onnx: which kind they make up, checked before a library reads
them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from satellite.errors import DownloadFailed, EngineFailed, ModelMissing
from satellite.languages import codes
from satellite.lib import text_files
from satellite.text.quoted import quoted
from servers.models import sherpa_models
from servers.models.file_check import onnx_metadata, problem_of

TRANSDUCER, ZIPFORMER_CTC, NEMO_CTC = "transducer", "zipformer-ctc", "nemo-ctc"
NEMO_TRANSDUCER, PARAFORMER, SENSE_VOICE = "nemo-transducer", "paraformer", "sense-voice"
WHISPER, MOONSHINE = "whisper", "moonshine"
KEYWORDS = "keywords"
PUNCTUATION, CASES = "punctuation", "punctuation-and-cases"
"""The kinds of models; `KEYWORDS` is a small streaming transducer for wake words."""

_MOONSHINE = {
    "preprocess": "preprocessor",
    "encode": "encoder",
    "uncached_decode": "uncached_decoder",
    "cached_decode": "cached_decoder",
}
_SMALL_FILES = {"bpe.model": "bpe_model", "bpe.vocab": "bpe_vocab"}
_MOST_DIGITS = 7
"""Digits of a token's number; the largest models have 270,000 tokens."""
_LONGEST_TOKENS = 64 << 20
"""Bytes of a list of tokens; real ones have two at most."""


class SherpaFiles(msgspec.Struct, frozen=True):
    """A model whose files are there and look right."""

    folder: Path
    kind: str
    streaming: bool
    """Whether it recognizes speech while it is spoken."""
    networks: Mapping[str, Path]
    """By the names of the library's parameters."""
    tokens: Path
    extras: Mapping[str, Path]
    """`bpe_model`, `bpe_vocab` and `lexicon`, where the folder has them."""
    metadata: Mapping[str, str]
    """Of its first network, as the exporter wrote it."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages as far as they are known, empty if they are not."""
        if self.metadata.get("is_multilingual") == "0":
            return ("en",)
        if self.kind == SENSE_VOICE:
            return sherpa_models.RECOMMENDED["sense-voice"].languages
        return tuple(filter(None, self.metadata.get("all_language_codes", "").split(",")))


def languages_of(name: str) -> tuple[str, ...]:
    """Return the languages of a model by its published name; empty if they are not in it."""
    if (known := sherpa_models.RECOMMENDED.get(name)) is not None:
        return known.languages
    parts = name.rpartition("/")[2].lower().replace("_", "-").split("-")
    corpora = {"wenetspeech": "zh", "gigaspeech": "en", "librispeech": "en"}
    languages = {*codes.THREE_LETTERS.values(), "yue"}
    return tuple(
        dict.fromkeys(
            corpora.get(part, part) for part in parts if part in languages or part in corpora
        )
    )


def read(folder: Path) -> SherpaFiles:
    """Return the files of a speech recognizer or of a wake word spotter.

    Raises:
        ModelMissing: A file is missing.
        EngineFailed: A file is damaged, or the model is of no known kind.
    """
    networks = _networks(folder)
    parts = {_part(file): file for file in networks}
    if missing := _missing(parts):
        raise ModelMissing(
            f"{folder} has no {missing}.onnx beside {', '.join(sorted(f.name for f in networks))}:"
            " it is incomplete; satellite models pull fetches it again"
        )
    named = {name: file for name, file in parts.items() if name}
    if not named:
        named = {"model": networks[0]}
    first = named.get("encoder", next(iter(named.values())))
    with first.open("rb") as content:
        metadata = onnx_metadata(content)
    kind, streaming = _kind(set(named), metadata)
    if not kind and "encoder" in named and metadata.keys() & {"encoder_dims", "pred_rnn_layers"}:
        raise ModelMissing(
            f"{folder} has no joiner.onnx: it is incomplete; satellite models pull fetches it again"
        )
    if not kind:
        found = metadata.get("model_type") or metadata.get("comment") or "no type"
        raise EngineFailed(
            f"{folder} ({', '.join(file.name for file in named.values())}: {found[:80]}) is no "
            "speech recognizer of a kind that is supported: zipformer, paraformer, SenseVoice, "
            "NeMo (Parakeet), Whisper or Moonshine"
        )
    extras = {key: folder / name for name, key in _SMALL_FILES.items() if (folder / name).is_file()}
    if (lexicon := folder / "en.phone").is_file():
        extras["lexicon"] = lexicon
    if kind == TRANSDUCER and streaming and _spots(folder):
        kind = KEYWORDS
    return SherpaFiles(folder, kind, streaming, named, _tokens(folder), extras, metadata)


def punctuation(folder: Path) -> SherpaFiles | None:
    """Return the model in a folder that adds punctuation, None if it has none. Raises as `read`."""
    found = [file for file in _networks(folder) if not _part(file)]
    for file in found:
        with file.open("rb") as content:
            metadata = onnx_metadata(content)
        vocabulary = folder / "bpe.vocab"
        if "COMMA" in metadata and vocabulary.is_file():
            return SherpaFiles(folder, CASES, True, {"model": file}, vocabulary, {}, metadata)
        if "punctuations" in metadata:
            return SherpaFiles(folder, PUNCTUATION, False, {"model": file}, file, {}, metadata)
    return None


def check(folder: Path, what: str) -> None:
    """Check the files of any model for sherpa-onnx. Raises `DownloadFailed`, `OSError`."""
    try:
        _networks(folder)
    except (ModelMissing, EngineFailed) as error:
        raise DownloadFailed(f"{what}: {error}") from error


def _networks(folder: Path) -> list[Path]:
    """Return one file of each network. Raises `ModelMissing`, `EngineFailed`."""
    try:
        names = [file.name for file in folder.iterdir() if file.is_file()]
    except OSError as error:
        raise ModelMissing(f"{folder} is no folder of a model: {error.strerror}") from error
    chosen = sherpa_models.choose(name for name in names if name.endswith(".onnx"))
    if not chosen:
        raise ModelMissing(f"{folder} has no .onnx file: it holds no model for sherpa-onnx")
    for name in chosen:
        if (folder / name).stat().st_size == 0:
            raise EngineFailed(f"{folder / name} is empty: satellite models pull fetches it again")
        if (problem := problem_of(folder / name)) is not None:
            raise EngineFailed(f"{folder / name} {problem}: satellite models pull repairs it")
    return [folder / name for name in chosen]


def _part(file: Path) -> str:
    part, stage = sherpa_models.split(file.name)
    return part or _MOONSHINE.get(stage, "")


def _missing(parts: Mapping[str, Path]) -> str:
    """Return the network that is missing from a model of several ones."""
    if any(name in parts for name in _MOONSHINE.values() if name != "encoder"):
        wanted: tuple[str, ...] = tuple(_MOONSHINE.values())
    elif parts.keys() & {"encoder", "decoder", "joiner"}:
        wanted = ("encoder", "decoder")
    else:
        return ""
    return next((name for name in wanted if name not in parts), "")


def _kind(parts: set[str], metadata: Mapping[str, str]) -> tuple[str, bool]:
    kind = metadata.get("model_type", "")
    streaming = "decode_chunk_len" in metadata or "chunk_shift" in metadata
    if "preprocessor" in parts:
        return MOONSHINE, False
    if "joiner" in parts:
        if streaming:
            return TRANSDUCER, True
        return (NEMO_TRANSDUCER if "pred_rnn_layers" in metadata else TRANSDUCER), False
    if "encoder" in parts:
        if kind.startswith("whisper") or "n_text_layer" in metadata:
            return WHISPER, False
        return (PARAFORMER, True) if "decoder_num_blocks" in metadata else ("", False)
    return _kind_of_one(kind, streaming, metadata)


def _kind_of_one(kind: str, streaming: bool, metadata: Mapping[str, str]) -> tuple[str, bool]:
    if "with_itn" in metadata or "lang_auto" in metadata:
        return SENSE_VOICE, False
    if "lfr_window_size" in metadata:
        return PARAFORMER, False
    if kind.startswith("EncDec"):
        return NEMO_CTC, streaming
    if kind.startswith("zipformer2") or (streaming and "encoder_dims" in metadata):
        return ZIPFORMER_CTC, streaming
    return "", False


def _spots(folder: Path) -> bool:
    return "kws" in folder.name or any(folder.glob("keywords*.txt"))


def _tokens(folder: Path) -> Path:
    """Return the list of tokens. Raises `ModelMissing`, `EngineFailed` for an invalid one."""
    found = sorted(folder.glob("*tokens.txt"))
    if not found:
        raise ModelMissing(
            f"{folder} has no tokens.txt: it is incomplete; satellite models pull fetches it again"
        )
    symbols(found[0])
    return found[0]


def symbols(tokens: Path) -> dict[str, int]:
    """Return the tokens of a model with their numbers. Raises `EngineFailed`."""
    try:
        if tokens.stat().st_size > _LONGEST_TOKENS:
            raise EngineFailed(f"{tokens} is too large for a list of tokens")
        lines = text_files.read_text(tokens).split("\n")
    except (OSError, ValueError) as error:
        raise EngineFailed(f"{tokens} cannot be read: {error}") from error
    found: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        symbol, _, index = line.rstrip("\r\n ").rpartition(" ")
        if not line.strip():
            continue
        if not index.isdecimal() or len(index) > _MOST_DIGITS:
            raise EngineFailed(
                f"{tokens}, line {number}: {quoted(line[:40])} is no token and its number: the "
                "file is damaged; satellite models pull fetches it again"
            )
        found[symbol.strip() or " "] = int(index)
    if not found:
        raise EngineFailed(f"{tokens} is empty: satellite models pull fetches it again")
    return found
