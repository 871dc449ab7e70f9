"""The files of a voice for sherpa-onnx: which kind they make up, checked before a library reads
them. The library ends the process over metadata, tokens or styles that it does not expect."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from math import prod
from pathlib import Path

import msgspec

from satellite.errors import EngineFailed, ModelMissing
from satellite.languages import codes, pack
from satellite.lib.decoding import Undecodable, from_json
from servers.models.file_check import onnx_metadata, problem_of

VITS, KOKORO, KITTEN, MATCHA = "vits", "kokoro", "kitten", "matcha"
"""The kinds of voices; those of Piper are of the first one."""

_TYPES = {
    "vits": VITS,
    "melo-vits": VITS,
    "kokoro": KOKORO,
    "kitten-tts": KITTEN,
    "matcha-tts": MATCHA,
}
"""By the metadata `model_type`."""
_NUMBERS = {
    VITS: ("sample_rate", "n_speakers"),
    KOKORO: ("sample_rate", "n_speakers", "has_espeak"),
    KITTEN: ("sample_rate", "n_speakers", "has_espeak"),
    MATCHA: ("sample_rate", "n_speakers", "use_eos_bos", "pad_id"),
}
"""Metadata without which the library ends the process."""
_TEXTS = {VITS: ("language", "comment")}
_VOCODERS = ("vocos*.onnx", "hifigan*.onnx")
_USUAL_VOCODER_RATE = "22050"
"""Hz of a vocoder whose metadata names no rate."""
_READS_PHONEMES = ("piper", "coqui", "icefall", "Inflect")
"""Words of the metadata `comment` of VITS voices that take the phonemes of eSpeak NG."""
_STYLE_SIZES = {KOKORO: 3, KITTEN: 2}
_KOKORO = re.compile(r"([abefhijpz])[fm]_\w+")
"""How Kokoro names its speakers: language, sex, name."""
_KOKORO_LANGUAGES = {
    "a": "en-US",
    "b": "en-GB",
    "e": "es",
    "f": "fr",
    "h": "hi",
    "i": "it",
    "p": "pt-BR",
    "z": "zh",
}
"""By the first letter of a speaker's name. Japanese is left out: eSpeak NG cannot read it."""
_RULES = ("phone", "date", "number")
"""The order of the grammars that rewrite numbers, as k2-fsa's examples have it."""
_MOST_TOKENS = 1 << 20
_LONGEST_TOKENS = 64 << 20
"""Bytes of a list of tokens; real ones have less than one million."""
_MOST_SPEAKERS = 10_000
_LOWEST, _HIGHEST = 8000, 192_000
"""Hz."""
_LONGEST_SENTENCE = 400
"""Phonemes of a sentence: less than any voice takes, of which Kokoro's 510 are the fewest."""
_SPARE = 12
"""Tokens that the library adds around a sentence, with some to spare."""


class VoiceFiles(msgspec.Struct, frozen=True):
    """A voice whose files are there and look right."""

    folder: Path
    kind: str
    network: Path
    tokens: Path
    metadata: Mapping[str, str]
    languages: tuple[str, ...]
    """As `en-US`, the voice's main one first."""
    espeak: str
    """The voice of eSpeak NG for phonemes; empty where the voice reads text by itself."""
    rate: int
    """Hz."""
    speakers: tuple[str, ...]
    """Names by number; empty where they have none, and for a single one."""
    count: int
    """Speakers, at least one."""
    symbols: frozenset[str]
    """Phonemes or letters that the voice knows."""
    styles: Path | None = None
    vocoder: Path | None = None
    lexicons: tuple[Path, ...] = ()
    grammars: tuple[Path, ...] = ()
    archives: tuple[Path, ...] = ()
    longest: int = _LONGEST_SENTENCE
    """Phonemes of the longest sentence."""
    scales: Mapping[str, float] = {}
    """Piper's `length_scale`, `noise_scale` and `noise_w`, where the voice recommends some."""

    def language_of(self, speaker: int) -> str:
        """Return the language of a speaker."""
        name = self.speakers[speaker] if speaker < len(self.speakers) else ""
        spoken = _kokoro_language(name) if self.kind == KOKORO else ""
        return spoken if spoken in self.languages else self.languages[0]

    def reads(self, language: str) -> bool:
        """Return whether the voice reads the text of a language itself, without phonemes."""
        return not self.espeak or bool(self.lexicons and codes.same(language, "zh"))


def is_voice(folder: Path) -> bool:
    """Return whether a folder looks like that of a voice, whole or not. Quick."""
    network = _network(folder)
    if network is None:
        return False
    return (folder / "voices.bin").is_file() or _metadata(network).get("model_type", "") in _TYPES


def read_voice(folder: Path, languages: tuple[str, ...] = ()) -> VoiceFiles:
    """Return the files of a voice.

    `languages` are those of a voice that names none.

    Raises:
        ModelMissing: A file is missing.
        EngineFailed: A file is damaged, or the voice is of no known kind.
    """
    network = _network(folder)
    tokens = folder / "tokens.txt"
    if network is None or not tokens.is_file():
        lacking = "no .onnx" if network is None else "no tokens.txt"
        raise ModelMissing(f"sherpa-onnx voice {folder}: the folder has {lacking}{_AGAIN}")
    if (problem := problem_of(network)) is not None:
        raise EngineFailed(f"{network} {problem}{_AGAIN}")
    metadata = _metadata(network)
    kind = _kind(network, metadata)
    _check_metadata(network, kind, metadata)
    styles = _styles(folder, kind, metadata)
    described = _description(network)
    phonetic = _phonetic(kind, metadata)
    speakers = _speakers(metadata, described)
    count = max(1, int(metadata["n_speakers"]))
    lexicons = _lexicons(folder)
    if not phonetic and not lexicons and metadata.get("frontend") != "characters":
        raise ModelMissing(f"sherpa-onnx voice {folder}: the folder has no lexicon.txt{_AGAIN}")
    spoken = _languages(kind, metadata, described, speakers, bool(lexicons)) or languages
    if not spoken:
        raise EngineFailed(
            f"{network} does not say which language it speaks: set it, as ?languages=de"
        )
    longest = _LONGEST_SENTENCE
    if kind == KOKORO:
        longest = min(longest, int(metadata["style_dim"].split(",")[0]) - _SPARE)
    return VoiceFiles(
        folder=folder,
        kind=kind,
        network=network,
        tokens=tokens,
        metadata=metadata,
        languages=spoken,
        espeak=(metadata.get("voice") or codes.plain(spoken[0])) if phonetic else "",
        rate=int(metadata["sample_rate"]),
        speakers=speakers if count > 1 and len(speakers) == count else (),
        count=count,
        symbols=_symbols(tokens, single=phonetic and kind != KOKORO),
        styles=styles,
        vocoder=_vocoder(folder, int(metadata["sample_rate"])) if kind == MATCHA else None,
        lexicons=lexicons,
        grammars=tuple(sorted(folder.glob("*.fst"), key=_rank)),
        archives=tuple(sorted(folder.glob("*.far"))),
        longest=longest,
        scales=_scales(described),
    )


_AGAIN = ": satellite models pull fetches a voice again"


def _network(folder: Path) -> Path | None:
    """Return the network, of 8 bits if there are more."""
    vocoders = {file for pattern in _VOCODERS for file in folder.glob(pattern)}
    found = sorted(set(folder.glob("*.onnx")) - vocoders)
    return min(found, key=lambda file: (".int8." not in file.name, file.name), default=None)


def _metadata(network: Path) -> dict[str, str]:
    with network.open("rb") as content:
        return onnx_metadata(content)


def _kind(network: Path, metadata: Mapping[str, str]) -> str:
    styles = network.with_name("voices.bin").is_file()
    kind = _TYPES.get(metadata.get("model_type", ""))
    if kind is None or (kind in _STYLE_SIZES) != styles:
        if kind in _STYLE_SIZES:
            raise ModelMissing(f"sherpa-onnx voice {network}: the folder has no voices.bin{_AGAIN}")
        raise EngineFailed(
            f"{network} is no voice in k2-fsa's layout, whose metadata names a model_type of "
            f"{', '.join(_TYPES)}: satellite models pull sherpa:NAME fetches one"
        )
    return kind


def _check_metadata(network: Path, kind: str, metadata: Mapping[str, str]) -> None:
    for key in _NUMBERS[kind]:
        if not metadata.get(key, "").isdecimal():
            raise EngineFailed(f"{network}: its metadata has no number {key}{_AGAIN}")
    for key in _TEXTS.get(kind, ()):
        if not metadata.get(key):
            raise EngineFailed(f"{network}: its metadata has no {key}{_AGAIN}")
    rate, speakers = int(metadata["sample_rate"]), int(metadata["n_speakers"])
    if not _LOWEST <= rate <= _HIGHEST or speakers > _MOST_SPEAKERS:
        raise EngineFailed(f"{network}: {rate} Hz and {speakers} speakers cannot be right{_AGAIN}")


def _styles(folder: Path, kind: str, metadata: Mapping[str, str]) -> Path | None:
    """Return the file with the styles of the speakers, of the size that the metadata says."""
    if kind not in _STYLE_SIZES:
        return None
    file = folder / "voices.bin"
    sizes = metadata.get("style_dim", "").split(",")
    if len(sizes) != _STYLE_SIZES[kind] or not all(
        size.strip().isdecimal() and int(size) > 0 for size in sizes
    ):
        raise EngineFailed(f"{folder}: the metadata has no style_dim of its kind{_AGAIN}")
    if kind == KOKORO and (int(sizes[1]) != 1 or int(sizes[0]) <= 2 * _SPARE):
        raise EngineFailed(f"{folder}: style_dim {','.join(sizes)} is not Kokoro's{_AGAIN}")
    if kind == KITTEN and metadata["has_espeak"] != "1":
        raise EngineFailed(f"{folder}: a Kitten voice without phonemes is not known{_AGAIN}")
    expected = 4 * prod(map(int, sizes)) * int(metadata["n_speakers"])
    if not expected or file.stat().st_size != expected:
        raise EngineFailed(f"{file} has {file.stat().st_size} bytes instead of {expected}{_AGAIN}")
    return file


def _phonetic(kind: str, metadata: Mapping[str, str]) -> bool:
    if kind in _STYLE_SIZES or metadata.get("frontend") == "characters":
        return kind in _STYLE_SIZES
    if metadata.get("has_espeak") == "1":
        return len(metadata.get("voice", "").split()) < 2  # "zh en-us": by its lexicon
    return kind == VITS and any(word in metadata["comment"] for word in _READS_PHONEMES)


def _lexicons(folder: Path) -> tuple[Path, ...]:
    """Return the word lists: of British and American English, the American one."""
    found = {file.name: file for file in folder.glob("lexicon*.txt")}
    if "lexicon-us-en.txt" in found:
        found.pop("lexicon-gb-en.txt", None)
    return tuple(found[name] for name in sorted(found))


def _rank(grammar: Path) -> tuple[int, str]:
    places = (at for at, rule in enumerate(_RULES) if grammar.name.startswith(rule))
    return next(places, len(_RULES)), grammar.name


def _vocoder(folder: Path, rate: int) -> Path:
    """Return the network that makes sound of what a Matcha voice yields, of the same rate."""
    found = [file for pattern in _VOCODERS for file in sorted(folder.glob(pattern))]
    if not found:
        raise ModelMissing(
            f"sherpa-onnx voice {folder}: a Matcha voice needs a vocoder, such as "
            "vocos-22khz-univ.onnx of k2-fsa's vocoder-models, in its folder"
        )
    vocoder = found[0]
    if (problem := problem_of(vocoder)) is not None:
        raise EngineFailed(f"{vocoder} {problem}{_AGAIN}")
    metadata = _metadata(vocoder)
    own = metadata.get("sample_rate", _USUAL_VOCODER_RATE)
    if not metadata.get("model_type", "").endswith(("vocos", "hifigan")) or own != str(rate):
        raise EngineFailed(
            f"{vocoder} is no vocoder for a voice of {rate} Hz: put one of k2-fsa's "
            "vocoder-models for this rate in its place"
        )
    return vocoder


def _symbols(tokens: Path, *, single: bool) -> frozenset[str]:
    """Return the tokens. `single` demands those of one character, as the library does."""
    if tokens.stat().st_size > _LONGEST_TOKENS:
        raise EngineFailed(f"{tokens} is too large for a list of tokens{_AGAIN}")
    found: set[str] = set()
    try:
        lines = tokens.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EngineFailed(f"{tokens} cannot be read: {error}{_AGAIN}") from error
    for number, line in enumerate(lines, 1):
        symbol, id_ = _token(line)
        if not id_.removeprefix("-").isdecimal() or (
            single and (symbol in found or (len(symbol) != 1 and symbol != "<BLNK>"))
        ):
            raise EngineFailed(f"{tokens}, line {number}, is no token with its number{_AGAIN}")
        found.add(symbol)
    if not found or len(found) > _MOST_TOKENS:
        raise EngineFailed(f"{tokens} has {len(found)} tokens{_AGAIN}")
    return frozenset(found)


def _token(line: str) -> tuple[str, str]:
    """Return the symbol of a line and its number; a space is written as nothing."""
    match line.split(" ") if line.startswith(" ") else line.split():
        case ["", "", id_] | ["", id_] | [id_]:
            return " ", id_
        case [symbol, id_]:
            return symbol, id_
    return "", ""


def _speakers(metadata: Mapping[str, str], described: Mapping[str, object]) -> tuple[str, ...]:
    names = described.get("speaker_id_map")
    if isinstance(names, dict) and all(isinstance(id_, int) for id_ in names.values()):
        return tuple(map(str, sorted(names, key=names.__getitem__)))
    listed = metadata.get("speaker_names", "")
    return tuple(name.strip() for name in listed.split(",")) if listed else ()


def _description(network: Path) -> Mapping[str, object]:
    """Return Piper's description beside a voice; empty without one."""
    try:
        found = from_json(network.with_name(f"{network.name}.json").read_bytes())
    except (OSError, Undecodable):
        return {}
    return found if isinstance(found, dict) else {}


def _scales(described: Mapping[str, object]) -> Mapping[str, float]:
    inference = described.get("inference")
    if not isinstance(inference, dict):
        return {}
    return {key: float(value) for key, value in inference.items() if isinstance(value, int | float)}


def _languages(
    kind: str,
    metadata: Mapping[str, str],
    described: Mapping[str, object],
    speakers: Iterable[str],
    lexicons: bool,
) -> tuple[str, ...]:
    if kind == KOKORO and metadata.get("version", "1") != "1":
        found = [_kokoro_language(name) for name in speakers]
        return tuple(
            dict.fromkeys(code for code in found if code and (code != "zh" or lexicons))
        ) or ("en-US",)
    named = described.get("language")
    if isinstance(named, dict) and isinstance(code := named.get("code"), str) and code:
        return (_written(code),)
    if voices := metadata.get("voice", "").split():
        return tuple(map(_written, voices))
    words = re.findall(r"[A-Za-z]+", metadata.get("language", ""))
    return tuple(dict.fromkeys(filter(None, map(_code_of, words))))


def _code_of(word: str) -> str:
    """Return the code that a word of the metadata means: a code, or a language's English name."""
    if len(word) <= 3 and word.islower():
        return codes.THREE_LETTERS.get(word, word)
    return _english_names().get(word.casefold(), "")


@cache
def _english_names() -> dict[str, str]:
    names = {}
    for code in reversed(pack.installed()):
        if (found := pack.find(code)) is not None:
            names[found.about.english.partition(" ")[0].casefold()] = codes.group(code)
    return names


def _written(code: str) -> str:
    """Return a code as systems write it: `en-US` for `en_us`; eSpeak's `cmn` is `zh`."""
    first, *rest = codes.plain(code).split("-")
    first = codes.THREE_LETTERS.get(first, "zh" if first in ("cmn", "yue") else first)
    return "-".join((first, *(part.upper() for part in rest if len(part) == 2)))


def _kokoro_language(speaker: str) -> str:
    match = _KOKORO.fullmatch(speaker)
    return _KOKORO_LANGUAGES.get(match[1], "") if match else ""
