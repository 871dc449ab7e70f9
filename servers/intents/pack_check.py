"""The check of a language pack: what the built-in brain lacks in it, compared with English."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from satellite.errors import EngineError, PluginBroken
from satellite.languages import pack
from satellite.languages.pack import Pack
from satellite.languages.plurals import EXACT, Plurals, plurals_of
from satellite.text.quoted import quoted
from servers.intents import sentence_files
from servers.intents.match import Match
from servers.intents.phrases import responses_of
from servers.intents.sentences import Sentences, load
from servers.intents.skills import SKILLS

_CODED = (
    "state", "group", "day", "when", "days", "half", "operation", "month", "weekday", "exact",
)  # fmt: skip
"""Lists whose values are codes, the same in every language."""

_FURTHER = {
    "day": re.compile("day_after_tomorrow|day_before_yesterday"),
    "when": re.compile(r"(\+\d|next-[0-6])( [ap]m)?"),
    "days": re.compile("0?1?2?3?4?5?6?"),
}
"""By list, codes that the English one does not have."""

_DATE = frozenset({"weekday", "month", "month_number", "day", "year"})
_ALSO = {
    "HassGetCurrentDate": _DATE,
    "DaysUntil": _DATE | {"days", "date"},
}
"""By intent, values of its answers besides those that the English ones have."""

_EVERYWHERE = frozenset({"count", "duration", "timer", "target", "state", "area", "value"})

_OPTIONAL = frozenset(
    {"months_alone", "days_of_month", "parts_of_day", "choice", "duration", "next_weekday"}
)
"""Words that a language may lack."""


_UNTRIED = "tests.yaml: its sentences are not tried until answers.yaml has all of its words"


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence that people say, in the part `tests`."""

    text: str
    intent: str | None
    """The intent that is understood; None for a sentence that must be declined."""
    slots: dict[str, Any] = {}
    """Those that matter."""


class Examples(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The part `tests`."""

    tests: tuple[Example, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """The problems of a pack."""

    problems: tuple[str, ...] = ()
    """One line each, with the part and the key."""
    tests: int = 0
    """Sentences of the part `tests`."""
    failed: tuple[str, ...] = ()
    """Those that were understood otherwise, one line each."""


def check(language: str) -> Report:
    """Check the parts of a pack that the built-in brain uses. Takes a second at most.

    Raises `PluginBroken` for a language without a pack, and for a file that cannot be read.
    """
    found = pack.find(language)
    if found is None:
        raise PluginBroken(f"there is no language pack {quoted(language)}")
    english = pack.pack(pack.ENGLISH)
    plurals = plurals_of(found)
    missing = [part for part in sentence_files.PARTS if not found.part(part)]
    if missing:
        return Report(tuple(f"{part}.yaml is missing" for part in missing))
    problems = [*_answers(found, english, plurals), *_words(found, english, plurals)]
    try:
        sentences = load(found.code, understood=SKILLS)
    except EngineError as error:
        return Report((*problems, str(error), _UNTRIED))
    problems += [*_lists(sentences, found, english), *_intents(sentences)]
    examples = found.read("tests", Examples).tests
    if not examples:
        problems.append("tests.yaml is missing")
    return Report(tuple(problems), len(examples), tuple(_failures(sentences, examples)))


def _answers(found: Pack, english: Pack, plurals: Plurals) -> Iterator[str]:
    """Yield what the responses lack, and what no response has."""
    own, model = responses_of(found.part("answers")), responses_of(english.part("answers"))
    for intent, texts in model.items():
        for key in _lacking(texts, own.get(intent, {})):
            yield f"answers.yaml: responses: {intent}: {key} is missing"
        values = _EVERYWHERE | _ALSO.get(intent, frozenset())
        values |= {name for text in texts.values() for name in _values(text)}
        for key, text in own.get(intent, {}).items():
            where = f"answers.yaml: responses: {intent}: {key}"
            if unknown := _values(text) - values:
                yield f"{where}: unknown value {{{', '.join(sorted(unknown))}}}"
            yield from _forms(text, plurals, where)
    for intent in sorted(own.keys() - model.keys() - SKILLS.keys()):
        yield f"answers.yaml: responses: {intent} is unknown"


def _lacking(model: Mapping[str, Any], own: Mapping[str, Any]) -> list[str]:
    """Return the keys that the English mapping has and another lacks, in its order."""
    return [key for key in model if key not in own]


def _values(text: Any) -> set[str]:
    texts = text.values() if isinstance(text, Mapping) else [text]
    try:
        fields = [field for each in texts for _, field, _, _ in string.Formatter().parse(each)]
    except ValueError:
        return {"?"}
    return {re.split(r"[.\[]", field)[0] for field in fields if field is not None}


def _forms(text: Any, plurals: Plurals, where: str) -> Iterator[str]:
    """Yield the plural categories that a text by category lacks, or has without need."""
    if isinstance(text, Mapping):
        for category in sorted(set(plurals.categories) - text.keys()):
            yield f"{where}: the plural category {category} is missing"
        for category in sorted(text.keys() - set(plurals.categories)):
            if not category.startswith(EXACT):
                yield f"{where}: the language has no plural category {category}"


def _words(found: Pack, english: Pack, plurals: Plurals) -> Iterator[str]:
    own, model = found.part("answers").get("words") or {}, english.part("answers")["words"]
    for key in _lacking(model, {**own, **dict.fromkeys(_OPTIONAL)}):
        yield f"answers.yaml: words: {key} is missing"
    for key in sorted(own.keys() - model.keys() - _OPTIONAL):
        yield f"answers.yaml: words: {key} is unknown"
    for unit, forms in (own.get("units") or {}).items():
        if isinstance(forms, Mapping):
            plain = {key: form for key, form in forms.items() if key != "noun"}
            yield from _forms(plain, plurals, f"answers.yaml: words: units: {unit}")
    for key in ("time", "full_hour"):
        yield from _forms(own.get(key), plurals, f"answers.yaml: words: {key}")
    for code in _lacking(model.get("groups") or {}, own.get("groups") or {}):
        yield f"answers.yaml: words: groups: {code} is missing"


def _lists(sentences: Sentences, found: Pack, english: Pack) -> Iterator[str]:
    """Yield values of lists that are no codes."""
    own = _outs(sentence_files.merge(list(sentence_files.read_all(found.code))))
    model = _outs(english.part("sentences"))
    for name in _CODED:
        for value in sorted(own.get(name, set()) - model.get(name, set()), key=str):
            further = _FURTHER.get(name)
            if name != "group" and not (further and further.fullmatch(value)):
                yield f"sentences.yaml: lists: {name}: {quoted(str(value))} is no code"
    for value in sorted(own.get("group", set()) - sentences.phrases.words.groups.keys()):
        yield f"answers.yaml: words: groups: {quoted(str(value))} is missing"


def _outs(content: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return the values of each list of texts."""
    outs = {}
    for name, values in (content.get("lists") or {}).items():
        if isinstance(values, Mapping) and isinstance(listed := values.get("values"), list):
            outs[name] = {str(v["out"] if isinstance(v, Mapping) else v) for v in listed}
    return outs


def _intents(sentences: Sentences) -> Iterator[str]:
    known = {name for name, _template in sentences.templates()}
    for name in sorted(known - SKILLS.keys()):
        for data in sentences.intents.intents[name].data:
            if not sentences.phrases.has(name, data.response or "default"):
                yield f"sentences.yaml: intents: {name} is unknown, and has no response"
                break


def _failures(sentences: Sentences, examples: tuple[Example, ...]) -> Iterator[str]:
    usual = sentences.usual
    for example in examples:
        found = sentences.match(example.text, usual.names, usual.areas)
        if problem := _problem(found, example):
            yield f"{quoted(example.text)}: {problem}"


def _problem(found: Match | None, example: Example) -> str:
    if found is None:
        return "" if example.intent is None else f"not understood, instead of {example.intent}"
    if found.intent != example.intent:
        return f"understood as {found.intent}, instead of {example.intent or 'nothing'}"
    for slot, value in example.slots.items():
        actual, expected = str(found.slots.get(slot)), str(value)
        if actual != expected:
            return f"{slot} is {quoted(actual)}, instead of {quoted(expected)}"
    return ""
