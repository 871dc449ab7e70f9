"""The sentences of the package home-assistant-intents, for requests that match no others.

They are written by the people of Home Assistant, in some sixty languages, and licensed under the
Apache License 2.0. Only requests as text are matched with them: no grammar for speech is made of
them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

from satellite.errors import EngineFailed
from satellite.lib.decoding import from_json
from satellite.text.reason_of import reason_of
from servers.intents import package_mapping as mapping
from servers.intents.match import Found, found_in
from servers.intents.required_words import RequiredWords
from servers.intents.template_parser import intents_of

if TYPE_CHECKING:
    from hassil.intents import Intents, SlotList
    from hassil.recognize import RecognizeResult

_PACKAGE = "home_assistant_intents"
_FILES = {"zh": "zh-CN"}
"""Languages whose file has another name."""

_LONGEST_VALUE = {"message": 300, mapping.COMMAND: 100, "search_query": 60}
_LONGEST_OTHER = 40
"""Characters of the longest value of any text, by slot: a longer one swallows other words."""

_UNKNOWN = ("{floor", "{zone")
"""Lists that are not known here: floors, and places where a person may be."""


class PackageSentences:
    """The package's sentences of one language, read when they are first needed."""

    def __init__(
        self,
        language: str,
        known: Collection[str],
        characters: Callable[[str], str] = lambda text: text,
    ) -> None:
        """`known` are the intents that have a skill.

        `characters` replaces those that are written for others, in the package's sentences as in
        every text that is matched.
        """
        self._language = language
        self._known = known
        self._characters = characters
        self._intents: Intents | None = None
        self._missing = False

    def load(self) -> bool:
        """Read the sentences, for some tenths of a second; return whether there are any.

        Raises `EngineFailed` for a file that cannot be read.
        """
        if self._intents is None and not self._missing:
            self._intents = self._read()
            self._missing = self._intents is None
        return self._intents is not None

    @property
    def loaded(self) -> bool:
        """Whether the sentences have been read."""
        return self._intents is not None

    def match(
        self,
        texts: Sequence[str],
        lists: Mapping[str, SlotList],
        language: str,
        accept: Callable[[str, str], bool],
    ) -> Found | None:
        """Return the best match of the first of `texts` that has any.

        `lists` are `name` and `area`, `language` is that of number words, and `accept` judges the
        slot and value of any text.
        """
        from hassil.recognize import recognize_ranked

        if not self.load():
            return None
        assert self._intents is not None
        for text in dict.fromkeys(texts):
            ranked = recognize_ranked(
                text, self._intents, slot_lists=dict(lists), language=language
            )
            usable = sorted((each for each in ranked if self._usable(each, accept)), key=_rank)
            if found := next((each for result in usable if (each := _mapped(result))), None):
                return found
        return None

    def _usable(self, result: RecognizeResult, accept: Callable[[str, str], bool]) -> bool:
        """Return whether a sentence has words of its own, and a wildcard not too many."""
        if not result.text_chunks_matched:
            return False
        return all(
            len(entity.text) <= _LONGEST_VALUE.get(entity.name, _LONGEST_OTHER)
            and accept(entity.name, entity.text.strip())
            for entity in result.entities_list
            if entity.is_wildcard
        )

    def _read(self) -> Intents | None:
        name = _FILES.get(self._language, self._language)
        file = files(_PACKAGE) / "data" / f"{name}.json"
        if not file.is_file():
            return None
        try:
            content = from_json(self._characters(file.read_text(encoding="utf-8")))
            intents = intents_of(self._filtered(content))
            RequiredWords(intents.expansion_rules).set(intents)
            for intent in intents.intents.values():
                if intent.name not in mapping.VALUED:
                    for data in intent.data:  # no sentence that a bare name fits
                        data.sentences[:] = [s for s in data.sentences if s.required_clauses]
        except Exception as error:  # hassil raises exceptions of many kinds for malformed files
            raise EngineFailed(f"sentences of {_PACKAGE}: {name}: {reason_of(error)}") from error
        return intents

    def _filtered(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the part of a file that is understood here, by the intents here."""
        intents: dict[str, dict[str, Any]] = {}
        for intent, blocks in content["intents"].items():
            for target, sentences in self._blocks(intent, blocks["data"]):
                block = {
                    "sentences": sentences,
                    "slots": target.slots,
                    "response": target.response,
                }
                intents.setdefault(target.intent, {"data": []})["data"].append(block)
        return {
            "language": self._language,
            "settings": content.get("settings") or {},
            "skip_words": content.get("skip_words") or [],
            "intents": intents,
            "lists": mapping.lists_of(content["lists"]),
            "expansion_rules": content.get("expansion_rules") or {},
        }

    def _blocks(
        self, intent: str, blocks: Sequence[Mapping[str, Any]]
    ) -> Iterator[tuple[mapping.Target, list[str]]]:
        for block in blocks:
            target = mapping.target_of(intent, block)
            if target is None or target.intent not in self._known:
                continue
            if sentences := [text for text in block["sentences"] if not _refers(text)]:
                yield target, sentences


def _refers(text: str) -> bool:
    return any(name in text for name in _UNKNOWN)


def _rank(result: RecognizeResult) -> tuple[bool, bool, int]:
    """Return a key for sorting, the best first: a garage door is no door in the garage."""
    named = "name" in result.entities
    return result.intent.name in mapping.LAST, not named, len(result.entities_list)


def _mapped(result: RecognizeResult) -> Found | None:
    found = found_in(result)
    slots = mapping.slots_of(found.match.intent, found.match.slots)
    if slots is None:
        return None
    return msgspec.structs.replace(found, match=msgspec.structs.replace(found.match, slots=slots))
