"""Models of k2-fsa's sherpa-onnx: the recommended ones, their sources, and the files to fetch."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatch

import msgspec

PREFIX = "sherpa-onnx-"
"""How k2-fsa's names of recognizers begin."""

OWNER = "csukuangfj"
"""The owner of most repositories of these models on Hugging Face."""

RELEASES = "https://github.com/k2-fsa/sherpa-onnx/releases/download"
"""Where archives of all models are: `GROUP/NAME.tar.bz2`."""

_ASR, _KWS, _PUNCTUATION = "asr-models", "kws-models", "punctuation-models"
_TTS, _SPEAKERS = "tts-models", "speaker-recongition-models"  # spelled so there
_GROUPS = (
    ("*kws-*", _KWS),
    ("*punct-*", _PUNCTUATION),
    ("vits-*", _TTS),
    ("kokoro-*", _TTS),
    ("matcha-*", _TTS),
    ("kitten-*", _TTS),
    ("*speaker*", _SPEAKERS),
)
"""The release of a model by its name; all others are speech recognizers."""


class SherpaModel(msgspec.Struct, frozen=True):
    """A published model."""

    full_name: str
    license: str
    languages: tuple[str, ...] = ()
    owner: str = OWNER
    vocoder: str = ""
    """The network of the release `vocoder-models` that the model needs beside its own."""
    file: str = ""
    """The only file of the model in the release `asr-models`, where that is no archive."""


_SENSE_VOICE = ("zh", "en", "ja", "ko", "yue")
_EUROPE = (
    *("bg", "hr", "cs", "da", "nl", "en", "et", "fi", "fr", "de", "el", "hu", "it", "lv", "lt"),
    *("mt", "pl", "pt", "ro", "sk", "sl", "es", "sv", "ru", "uk"),
)

_VOCODER = "vocos-22khz-univ.onnx"

RECOMMENDED = {
    # speech-to-text while it is spoken
    "zipformer-zh-en": SherpaModel(
        "sherpa-onnx-streaming-zipformer-bilingual-zh-en-2023-02-20", "Apache-2.0", ("zh", "en")
    ),
    "zipformer-en": SherpaModel(
        "sherpa-onnx-streaming-zipformer-en-2023-06-26", "Apache-2.0", ("en",)
    ),
    "streaming-paraformer": SherpaModel(
        "sherpa-onnx-streaming-paraformer-bilingual-zh-en", "FunASR model license", ("zh", "en")
    ),
    # speech-to-text of whole utterances
    "sense-voice": SherpaModel(
        "sherpa-onnx-sense-voice-zh-en-ja-ko-yue-2024-07-17", "FunASR model license", _SENSE_VOICE
    ),
    "paraformer": SherpaModel(
        "sherpa-onnx-paraformer-zh-2023-09-14", "FunASR model license", ("zh", "en")
    ),
    "parakeet-v2": SherpaModel("sherpa-onnx-nemo-parakeet-tdt-0.6b-v2-int8", "CC-BY-4.0", ("en",)),
    "parakeet-v3": SherpaModel("sherpa-onnx-nemo-parakeet-tdt-0.6b-v3-int8", "CC-BY-4.0", _EUROPE),
    "whisper-base": SherpaModel("sherpa-onnx-whisper-base", "MIT"),
    # wake words that are written down
    "kws-zh": SherpaModel(
        "sherpa-onnx-kws-zipformer-wenetspeech-3.3M-2024-01-01", "Apache-2.0", ("zh",)
    ),
    "kws-en": SherpaModel(
        "sherpa-onnx-kws-zipformer-gigaspeech-3.3M-2024-01-01", "Apache-2.0", ("en",)
    ),
    # text-to-speech; any voice of Piper is vits-piper-NAME, as vits-piper-en_US-joe-medium
    "kokoro-multi-lang": SherpaModel(
        "kokoro-int8-multi-lang-v1_0", "Apache-2.0", ("en", "zh", "es", "fr", "hi", "it", "pt")
    ),
    "kokoro-en": SherpaModel("kokoro-en-v0_19", "Apache-2.0", ("en",)),
    "kitten-en": SherpaModel("kitten-nano-en-v0_1-fp16", "Apache-2.0", ("en",)),
    "matcha-en": SherpaModel(
        "matcha-icefall-en_US-ljspeech", "Apache-2.0", ("en",), vocoder=_VOCODER
    ),
    "matcha-zh": SherpaModel(
        "matcha-icefall-zh-baker", "non-commercial (its data)", ("zh",), vocoder=_VOCODER
    ),
    "melo-zh-en": SherpaModel("vits-melo-tts-zh_en", "MIT", ("zh", "en")),
    # speaker recognition; one network each
    "speaker-en": SherpaModel(
        "3dspeaker_speech_campplus_sv_en_voxceleb_16k", "Apache-2.0", ("en",)
    ),
    "speaker-zh": SherpaModel(
        "3dspeaker_speech_campplus_sv_zh-cn_16k-common", "Apache-2.0", ("zh",)
    ),
    # voice detectors
    "silero-vad": SherpaModel("silero_vad", "MIT", file="silero_vad.onnx"),
    "ten-vad": SherpaModel("ten-vad", "Apache-2.0 with conditions", file="ten-vad.onnx"),
    # full stops, commas and capitals
    "punctuation-zh-en": SherpaModel(
        "sherpa-onnx-punct-ct-transformer-zh-en-vocab272727-2024-04-12",
        "FunASR model license",
        ("zh", "en"),
    ),
    "punctuation-en": SherpaModel("sherpa-onnx-online-punct-en-2024-08-06", "Apache-2.0", ("en",)),
}
"""By the name in `sherpa:NAME`."""

_BY_FULL_NAME = {model.full_name: name for name, model in RECOMMENDED.items()}

FILES = ("*.txt", "*.model", "*.vocab", "*.bin", "*.fst", "*.far", "*.json", "LICENSE*")
"""Files beside the networks that the library reads, and the license."""

_WEIGHTS = ("*.weights", "*.onnx.data", "*.onnx_data")
"""Weights that are too large for one file; the smaller networks, of 8 bits, have none."""


def short_name(name: str) -> str:
    """Return the recommended name of a published model, or the name itself."""
    bare = name.removeprefix(f"{OWNER}/")
    return _BY_FULL_NAME.get(bare, bare)


def repository(name: str) -> str:
    """Return the repository on Hugging Face."""
    if (known := RECOMMENDED.get(name)) is not None:
        return f"{known.owner}/{known.full_name}"
    return name if "/" in name else f"{OWNER}/{name}"


def is_speaker_model(name: str) -> bool:
    """Return whether a model recognizes who speaks, by its name."""
    return _group(_full_name(name)) == _SPEAKERS


def network(name: str) -> str | None:
    """Return the address of a model that is published as one file; None for others."""
    if name in RECOMMENDED and (file := RECOMMENDED[name].file):
        return f"{RELEASES}/{_ASR}/{file}"
    if "/" in name or not is_speaker_model(name):
        return None
    return f"{RELEASES}/{_SPEAKERS}/{_full_name(name)}.onnx"


def vocoder(name: str) -> str | None:
    """Return the address of the vocoder of a model; None where it needs none."""
    known = RECOMMENDED.get(name)
    return f"{RELEASES}/vocoder-models/{known.vocoder}" if known and known.vocoder else None


def archive(name: str) -> str | None:
    """Return the address of the archive; None for a repository of another owner."""
    if "/" in name:
        return None
    full = _full_name(name)
    return f"{RELEASES}/{_group(full)}/{full}.tar.bz2"


def _full_name(name: str) -> str:
    return RECOMMENDED[name].full_name if name in RECOMMENDED else name


def _group(full: str) -> str:
    return next((group for pattern, group in _GROUPS if fnmatch(full, pattern)), _ASR)


def wanted(names: Iterable[str]) -> tuple[str, ...]:
    """Return the files to fetch of those in a repository or an archive, without folders.

    Where a network exists with weights of 8 bits, the larger one is left out; where it exists from
    several stages of training, the first of them by name is taken. Of a transducer, the decoder is
    taken with full weights: it is small, and 8 bits make it no faster.
    """
    listed = sorted(names)
    networks = [name for name in listed if name.endswith(".onnx")]
    chosen = choose(networks)
    found = [name for name in listed if any(fnmatch(name, pattern) for pattern in FILES)]
    if not any(is_small(name) for name in chosen):
        found += [name for name in listed if any(fnmatch(name, part) for part in _WEIGHTS)]
    return tuple(sorted({*chosen, *found}))


def choose(networks: Iterable[str]) -> tuple[str, ...]:
    """Return one file of each network, of one stage of training."""
    variants: dict[tuple[str, str], list[str]] = {}
    for name in sorted(networks):
        variants.setdefault(split(name), []).append(name)
    parts = {part for part, _ in variants}
    stages = sorted({stage for part, stage in variants if part})
    whole = [stage for stage in stages if all((part, stage) in variants for part in parts if part)]
    keep = (whole or stages)[:1]
    full = {"decoder"} if "joiner" in parts else set()
    return tuple(
        _preferred(files, small=part not in full)
        for (part, stage), files in variants.items()
        if not part or stage in keep
    )


def is_small(name: str) -> bool:
    """Return whether a network has weights of 8 bits, by its file's name."""
    return ".int8." in name


def split(name: str) -> tuple[str, str]:
    """Return the part that a network is, and its stage of training; no part for a whole model."""
    stage = name.removesuffix(".onnx").removesuffix(".int8").removesuffix(".fp16")
    for part in ("encoder", "decoder", "joiner"):
        if part in stage:
            return part, stage.replace(part, "", 1).strip("-_")
    return "", stage


def _preferred(files: list[str], small: bool) -> str:
    ranked = sorted(files, key=lambda name: (is_small(name) != small, ".fp16." in name, name))
    return ranked[0]
