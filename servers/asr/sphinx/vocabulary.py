"""The vocabulary of one home for PocketSphinx: a network of words and their pronunciations.

Building it takes about half a second on a small machine, mostly for reading sentences and the
dictionary, so it is stored in the user's cache, under a name that changes with all of its sources.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from importlib.resources import files
from itertools import chain
from pathlib import Path

import msgspec

from satellite.errors import EngineFailed
from satellite.languages import pack
from satellite.lib import paths
from satellite.lib.persistence import atomic_write
from servers.asr.sphinx import decoys, networks, wake_remainder
from servers.asr.sphinx.lexicon import PHONEMES, VOWELS, pronounce
from servers.intents import automaton, grammar, sentence_files, sentences

_LOGGER = logging.getLogger(__name__)

_LANGUAGE = "en"
_VOICE = "en-us"
_CACHED_FILES = 4
"""Files in the cache, about 0.2 MB each: those of the most recently used homes."""

_BRITISH: Mapping[str, tuple[str, ...]] = {"never": ("N EH V AH",)}
"""Pronunciations of words in Britain, for sentences too: without it, eSpeak's British "never mind"
is recognized as "add one minute"."""
_EXTRA_PRONUNCIATIONS: Mapping[str, tuple[str, ...]] = {
    "stop": ("S T AO P",),
    "cancel": ("K AA N S AH L", "K AE N S L"),
    **_BRITISH,
}
"""Pronunciations of words of phrases in Britain and in a hurry: the dictionary is American."""

HomeNames = tuple[tuple[str, ...], tuple[str, ...]]
"""Names of things and names of areas."""


class Vocabulary(msgspec.Struct, frozen=True):
    """Input files of PocketSphinx, as texts."""

    network: str
    """The sentences, as a finite state grammar (FSG)."""
    dictionary: str
    """The phonemes of each word of the network, and each phoneme as a word of its own."""
    confusable: tuple[tuple[str, str], ...] = ()
    """Pairs of words that the scores of a sentence do not distinguish reliably."""
    values: tuple[str, ...] = ()
    """The words of numbers, things and rooms."""
    choice: str = ""
    """How a pair is written, such as "{first} or {second}"."""

    def pronunciations(self) -> dict[str, list[list[str]]]:
        """Return the phonemes of each word, one list for each pronunciation."""
        found: dict[str, list[list[str]]] = {}
        for line in self.dictionary.splitlines():
            word, *phonemes = line.split()
            found.setdefault(word.partition("(")[0], []).append(phonemes)
        return found


def model_folder() -> Path:
    """Return the folder of the pocketsphinx wheel's US English model."""
    import pocketsphinx

    return Path(pocketsphinx.get_model_path()) / "en-us"


def for_home(home: HomeNames, folder: str = "") -> Vocabulary:
    """Build the vocabulary of a home; `folder` holds the user's own sentences. Blocks.

    Raises `EngineFailed` if a user's sentences are invalid.
    """
    source = sentences.load(_LANGUAGE, folder)
    wake_words = {word for words in wake_remainder.WAKE_WORDS for word in words.split()}
    reversals = [grammar.split_words(text) for text in (*source.reversals, *source.asides)]
    wanted = {*grammar.make(source, *home).words, *grammar.make_endings(source, *home).words}
    wanted |= {*wake_words, *chain.from_iterable(reversals)}
    phonemes = pronounce(wanted, model_folder() / "cmudict-en-us.dict", voice=_VOICE)
    for word in phonemes.keys() & _BRITISH.keys():
        phonemes[word] = [*phonemes[word], *_BRITISH[word]]
    try:
        recognizable = grammar.make(source, *home, known=phonemes.__contains__)
    except ValueError as error:
        raise EngineFailed(f"pocketsphinx: {error}") from error
    for template in recognizable.left_out:
        _LOGGER.debug("Not in the grammar: %s", template)
    words = automaton.without_wrong_articles(
        automaton.build(recognizable.jsgf),
        lambda word: {variant.split()[0] in VOWELS for variant in phonemes[word]},
    )
    reversals = [each for each in reversals if phonemes.keys() >= set(each)]
    after = grammar.make_endings(source, *home, known=phonemes.__contains__)
    endings = automaton.build(after.jsgf) if after.words else None
    marked = {
        decoys.word(word): phonemes[word]
        for word in (*chain.from_iterable(reversals), *after.words)
    }
    network = networks.commands(words, wake_remainder.WORD, reversals, endings)
    phonemes[wake_remainder.WORD] = wake_remainder.wake_remainders(phonemes)
    phonemes.update(marked)
    listed = (*recognizable.words, wake_remainder.WORD, *marked)
    return Vocabulary(
        network,
        "".join(_dictionary({word: phonemes[word] for word in listed})),
        tuple(pair for pair in source.confusable if recognizable.words.issuperset(pair)),
        tuple(sorted(recognizable.values)),
        source.phrases.words.choice,
    )


def for_phrases(phrases: Sequence[str], others: Sequence[str] = ()) -> Vocabulary:
    """Build the vocabulary of some phrases and nothing more. Takes milliseconds.

    `others` are single words that are recognized in place of a phrase where they fit much better.
    Raises `EngineFailed` for a word that cannot be pronounced.
    """
    wanted = {word for phrase in (*phrases, *others) for word in phrase.split()}
    phonemes = pronounce(wanted, model_folder() / "cmudict-en-us.dict", voice=_VOICE)
    if missing := sorted(wanted - phonemes.keys()):
        raise EngineFailed(f"pocketsphinx: no pronunciation for {', '.join(missing)}")
    phonemes = {
        word: [*variants, *_EXTRA_PRONUNCIATIONS.get(word, ())]
        for word, variants in phonemes.items()
    }
    words = automaton.build(f"public <phrase> = ({' | '.join(phrases)});")
    return Vocabulary(networks.of_phrases(words, others), "".join(_dictionary(phonemes)))


def read(home: HomeNames, folder: str = "") -> Vocabulary | None:
    """Read the vocabulary of a home from the cache; None if it is missing. Blocks."""
    try:
        file = _file(home, folder)
        found = msgspec.msgpack.decode(file.read_bytes(), type=Vocabulary)
        file.touch()
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        _LOGGER.debug("Cannot read the cached vocabulary: %s", error)
        return None
    return found


def store(vocabulary: Vocabulary, home: HomeNames, folder: str = "") -> None:
    """Write a home's vocabulary to the cache, if the cache is writable. Blocks."""
    try:
        file = _file(home, folder)
        atomic_write(file, msgspec.msgpack.encode(vocabulary))
        for old in sorted(file.parent.glob("*.msgpack"), key=_age)[_CACHED_FILES:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        _LOGGER.debug("Cannot cache the vocabulary: %s", error)


def _age(file: Path) -> float:
    return -file.stat().st_mtime


def _file(home: HomeNames, folder: str) -> Path:
    """Return the cache file of a vocabulary; its name is a digest of the sources and the code."""
    digest = hashlib.sha256(msgspec.msgpack.encode(home))
    for package in ("pocketsphinx", "hassil"):
        digest.update(version(package).encode())
    for name in ("servers.intents", "servers.asr.sphinx"):
        for module in sorted(files(name).iterdir(), key=str):
            if module.name.endswith(".py"):
                digest.update(module.read_bytes())
    english = pack.pack(_LANGUAGE)
    for file in chain.from_iterable(map(english.files, sentence_files.PARTS)):
        digest.update(file.read_bytes())
    if folder:
        root = Path(folder).expanduser()
        for own in sorted([*root.glob("*.yaml"), *root.glob("*/*.yaml")]):
            digest.update(str(own).encode())
            digest.update(own.read_bytes())
    return paths.cache_folder() / "pocketsphinx" / f"{digest.hexdigest()[:32]}.msgpack"


def _dictionary(pronunciations: Mapping[str, list[str]]) -> Iterator[str]:
    for word, variants in sorted(pronunciations.items()):
        for number, variant in enumerate(variants, 1):
            yield f"{word} {variant}\n" if number == 1 else f"{word}({number}) {variant}\n"
    for phoneme in PHONEMES:
        yield f"{networks.phoneme_word(phoneme)} {phoneme}\n"
