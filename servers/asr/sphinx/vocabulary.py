"""What PocketSphinx listens for in one home: a network of words, and how each word is said.

Making it takes about half a second of a small machine's time, mostly to read sentences and the
dictionary. So it is kept in the user's cache, under a name that changes with everything it is made
of.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import msgspec

from satellite.errors import EngineFailed
from servers.asr.sphinx import wake_remainder as leftover
from servers.asr.sphinx.lexicon import PHONEMES, VOWELS, pronounce
from servers.intents import automaton, grammar, sentences

_LOGGER = logging.getLogger(__name__)

_LANGUAGE = "en"
_VOICE = "en-us"
_KEPT = 4
"""Files in the cache, each of about 0.2 MB: those of the homes that were used last."""

_ALSO: Mapping[str, tuple[str, ...]] = {
    "stop": ("S T AO P",),
    "cancel": ("K AA N S AH L", "K AE N S L"),
    "never": ("N EH V AH",),
}
"""How words of phrases are said in Britain, and in a hurry: the dictionary is American."""

_UNLIKELY = 1e-5
"""How probable a word is that is no phrase, where a phrase is 1. With 1
`python -m tests.bench.stop_words` loses every eighth phrase to words like it, with this none, and
takes no more for a phrase."""

HomeNames = tuple[tuple[str, ...], tuple[str, ...]]
"""Names of things, and of areas."""


class Vocabulary(msgspec.Struct, frozen=True):
    """Texts that PocketSphinx reads."""

    network: str
    """The sentences, as a finite state grammar (FSG)."""
    dictionary: str
    """Each word of it and each phoneme alone, with phonemes."""

    def pronunciations(self) -> dict[str, list[list[str]]]:
        """The phonemes of each word, one list for each way to say it."""
        found: dict[str, list[list[str]]] = {}
        for line in self.dictionary.splitlines():
            word, *phonemes = line.split()
            found.setdefault(word.partition("(")[0], []).append(phonemes)
        return found


def model_folder() -> Path:
    """Where the pocketsphinx wheel keeps its US English model."""
    import pocketsphinx

    return Path(pocketsphinx.get_model_path()) / "en-us"


def make(home: HomeNames, folder: str = "") -> Vocabulary:
    """Make the vocabulary of a home; `folder` has the user's own sentences. Blocks.

    Raises `EngineFailed` where a user's sentences are wrong.
    """
    source = sentences.load(_LANGUAGE, folder)
    called = {word for words in leftover.WAKE_WORDS for word in words.split()}
    wanted = grammar.make(source, *home).words | called
    said = pronounce(wanted, model_folder() / "cmudict-en-us.dict", voice=_VOICE)
    try:
        heard = grammar.make(source, *home, known=said.__contains__)
    except ValueError as error:
        raise EngineFailed(f"pocketsphinx: {error}") from error
    for template in heard.left_out:
        _LOGGER.debug("Not in the grammar: %s", template)
    words = automaton.agreeing(
        automaton.build(heard.jsgf), lambda w: {way.split()[0] in VOWELS for way in said[w]}
    )
    network = "".join(_network(words, before=leftover.WORD))
    said[leftover.WORD] = leftover.wake_remainders(said)
    listed = (*heard.words, leftover.WORD)
    return Vocabulary(network, "".join(_dictionary({word: said[word] for word in listed})))


def of_phrases(phrases: Sequence[str], others: Sequence[str] = ()) -> Vocabulary:
    """Make the vocabulary of some phrases and nothing else; takes milliseconds.

    `others` are single words that are told apart from them where they fit much better. Raises
    `EngineFailed` for a word that cannot be pronounced.
    """
    wanted = {word for phrase in (*phrases, *others) for word in phrase.split()}
    said = pronounce(wanted, model_folder() / "cmudict-en-us.dict", voice=_VOICE)
    if missing := sorted(wanted - said.keys()):
        raise EngineFailed(f"pocketsphinx: nobody knows how to say {', '.join(missing)}")
    said = {word: [*ways, *_ALSO.get(word, ())] for word, ways in said.items()}
    words = automaton.build(f"public <said> = ({' | '.join(phrases)});")
    return Vocabulary("".join(_network(words, others)), "".join(_dictionary(said)))


def read(home: HomeNames, folder: str = "") -> Vocabulary | None:
    """Find the vocabulary of a home in the cache. Blocks."""
    try:
        file = _file(home, folder)
        found = msgspec.msgpack.decode(file.read_bytes(), type=Vocabulary)
        file.touch()
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        _LOGGER.debug("The vocabulary is made anew: %s", error)
        return None
    return found


def store(vocabulary: Vocabulary, home: HomeNames, folder: str = "") -> None:
    """Put a home's vocabulary into the cache, if there is one. Blocks."""
    try:
        file = _file(home, folder)
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as part:
            part.write(msgspec.msgpack.encode(vocabulary))
        Path(part.name).replace(file)
        for old in sorted(file.parent.glob("*.msgpack"), key=_age)[_KEPT:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        _LOGGER.debug("The vocabulary is not kept: %s", error)


def _age(file: Path) -> float:
    return -file.stat().st_mtime


def _file(home: HomeNames, folder: str) -> Path:
    """Where the cache has it: the name is a digest of what it is made of and by."""
    digest = hashlib.sha256(msgspec.msgpack.encode(home))
    for package in ("pocketsphinx", "hassil"):
        digest.update(version(package).encode())
    for name, kinds in (("servers.intents", (".py", ".yaml")), ("servers.asr.sphinx", (".py",))):
        for part in sorted(files(name).iterdir(), key=str):
            if part.name.endswith(kinds):
                digest.update(part.read_bytes())
    if folder:
        root = Path(folder).expanduser()
        for own in sorted([*root.glob("*.yaml"), *root.glob("*/*.yaml")]):
            digest.update(str(own).encode())
            digest.update(own.read_bytes())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return cache / "satellite" / "pocketsphinx" / f"{digest.hexdigest()[:32]}.msgpack"


def _dictionary(pronunciations: Mapping[str, list[str]]) -> Iterator[str]:
    for word, ways in sorted(pronunciations.items()):
        for number, way in enumerate(ways, 1):
            yield f"{word} {way}\n" if number == 1 else f"{word}({number}) {way}\n"
    for phoneme in PHONEMES:
        yield f"{_sound(phoneme)} {phoneme}\n"


def _sound(phoneme: str) -> str:
    return f"_{phoneme}"  # grammars have no word with an underscore


def _network(
    words: automaton.Automaton, others: Sequence[str] = (), before: str = ""
) -> Iterator[str]:
    """Its sentences, or one of `others`; the word `before` may come before each.

    The first state is there twice: in one that may come after a word, the first phonemes of the
    sentences would not be taken for those after a silence.
    """
    end = len(words.arcs)
    start = end + 1 if before else 0
    yield f"FSG_BEGIN words\nNUM_STATES {end + 2}\nSTART_STATE {start}\nFINAL_STATE {end}\n"
    if before:
        yield f"TRANSITION {start} 0 {leftover.PROBABILITY} {before}\n"
        for word, following in sorted(words.arcs[0].items()):
            yield f"TRANSITION {start} {following} 1.0 {word}\n"
    for state, row in enumerate(words.arcs):
        for word, following in sorted(row.items()):
            yield f"TRANSITION {state} {following} 1.0 {word}\n"
        if state in words.final:
            yield f"TRANSITION {state} {end} 1.0\n"
    for word in others:
        yield f"TRANSITION 0 {end} {_UNLIKELY} {word}\n"
    yield "FSG_END\n"


def phoneme_loop() -> str:
    """Any phonemes in any order, as a finite state grammar of the dictionary's last words."""
    loop = "".join(f"TRANSITION 0 0 1.0 {_sound(phoneme)}\n" for phoneme in PHONEMES)
    beginning = "FSG_BEGIN phonemes\nNUM_STATES 2\nSTART_STATE 0\nFINAL_STATE 1\n"
    return f"{beginning}{loop}TRANSITION 0 1 1.0\nFSG_END\n"
