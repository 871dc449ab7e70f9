"""The sentences of all languages, each read when it is first needed."""

from __future__ import annotations

from collections import OrderedDict

from satellite.errors import EngineFailed, ModelMissing, PluginBroken
from satellite.languages import codes, pack
from servers.intents import sentence_files
from servers.intents.sentences import Sentences, load
from servers.intents.skills import SKILLS

_OTHERS = 2
"""Languages besides the first that stay in memory, at up to 16 MB each."""


class Library:
    """Sentences by language. Its methods block, for some tenths of a second at most."""

    def __init__(self, first: str, folder: str = "") -> None:
        """`first` is the language of requests without one, `folder` has the user's own files."""
        self._first = sentence_files.language_of(first)
        self._folder = folder
        self._languages: tuple[str, ...] = ()
        self._read: dict[str, Sentences] = {}
        self._others: OrderedDict[str, Sentences | None] = OrderedDict()

    def languages(self) -> tuple[str, ...]:
        """Return the codes of the languages that have sentences, the first one first."""
        if not self._languages:
            self._languages = tuple(dict.fromkeys((self._first, *sentence_files.languages())))
        return self._languages

    def first(self) -> Sentences:
        """Return the sentences of the first language.

        Raises `ModelMissing` for one without sentences, `EngineFailed` for an invalid file.
        """
        if self._first not in self._read:
            sentences = _checked(load(self._first, self._folder, understood=SKILLS))
            if self._first != pack.ENGLISH:
                # measured: 0.1 to 0.3 s and 3 to 8 MB, which a satellite in English, whose own
                # sentences are many, may never need
                sentences.load_package()
            self._read[self._first] = sentences
        return self._read[self._first]

    def find(self, language: str | None) -> Sentences | None:
        """Return the sentences of a request's language; None without any. Raises `EngineFailed`."""
        code = sentence_files.language_of(language or self._first)
        if code == self._first or (
            codes.same(code, self._first) and not sentence_files.has_sentences(code)
        ):
            return self.first()
        if code not in self._others:
            self._others[code] = self._other(code)
        self._others.move_to_end(code)
        while len(self._others) > _OTHERS:
            self._others.popitem(last=False)
        return self._others[code]

    def declined(self, language: str | None) -> str:
        """Return what is said to a request in a language without sentences, in that language.

        Empty if its pack lacks the words.
        """
        found = pack.find(language) if language else None
        words = found.part("answers").get("words") if found is not None else None
        return str(words.get("declined", "")) if isinstance(words, dict) else ""

    def _other(self, code: str) -> Sentences | None:
        if not self._folder and not sentence_files.has_sentences(code):
            return None
        try:
            return _checked(load(code, self._folder, unmarked=False, understood=SKILLS))
        except ModelMissing:
            return None
        except PluginBroken as error:
            raise EngineFailed(str(error)) from error


def _checked(sentences: Sentences) -> Sentences:
    """Return sentences of which every intent has an answer. Raises `EngineFailed`."""
    for intent in sentences.intents.intents.values():
        for data in intent.data:
            key = data.response or "default"
            if intent.name not in SKILLS and not sentences.phrases.has(intent.name, key):
                raise EngineFailed(
                    f"sentences: intent {intent.name} has no response: add responses: intents: "
                    f"{intent.name}: {key}: TEXT"
                )
    return sentences
