"""The check of a language pack: each part by its reader, its keys against English, its tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from satellite.errors import PluginBroken, UsageError
from satellite.languages import codes, hearing, names, pack, text_rules
from satellite.languages.pack import ENGLISH, Pack
from satellite.languages.plurals import Plurals, plurals_of
from satellite.turns.own_sentences import read_sentences
from servers.intents import pack_check
from servers.models import names as models
from servers.tts.normalization import language_table

PARTS = ("language", "names", "sentences", "answers", "own_sentences", "text", "spoken", "hearing")
"""The parts of a whole pack."""

_FREE = {"names": ("kinds", "states", "units"), "own_sentences": ("causes", "stages", "names")}
"""By part, the mappings whose keys are those of the English ones."""

_OPTIONAL = frozenset({"script", "tests"})
"""Parts that a pack may lack, or that have a check of their own."""


def problems(language: str) -> tuple[list[str], pack_check.Report]:
    """Return what is wrong in a pack, a line each, and the report of its brain.

    Raises `PluginBroken` for a language without a pack, and for an unreadable `language.yaml`.
    """
    found = pack.find(language)
    if found is None:
        raise PluginBroken(f"there is no pack of the language {language}")
    english = pack.pack(ENGLISH)
    lines = [*_about(found)]
    for part in PARTS[1:]:
        if not any(found.files(part)):
            lines.append(f"{part}.yaml is missing")
            continue
        try:
            _READERS.get(part, _ignore)(found)
            lines += _missing(part, found.part(part), english.part(part))
        except PluginBroken as error:
            lines.append(str(error))
    try:
        plurals = plurals_of(found)
        lines += _plural_forms(found.part("own_sentences").get("rings") or {}, plurals)
        report = pack_check.check(found.code)
    except PluginBroken as error:
        report = pack_check.Report((str(error),))
    lines += report.problems
    return list(dict.fromkeys(lines)), report


def has(found: Pack, part: str) -> bool:
    """Return whether a pack has a part, by itself or by inheritance."""
    return any(found.files(part))


def _about(found: Pack) -> Iterator[str]:
    about = found.about
    if not about.test_sentence:
        yield "language.yaml: test_sentence is missing"
    for role in ("asr", "llm", "tts"):
        text = getattr(about.models, role)
        if not text:
            if role != "tts":  # there are languages without a voice
                yield f"language.yaml: models: {role} is missing"
            continue
        try:
            name = models.parse(text)
        except UsageError as error:
            yield f"language.yaml: models: {role}: {error}"
            continue
        if name.name.endswith(".en") and not codes.same(found.code, ENGLISH):
            yield f"language.yaml: models: {role}: {name} knows only English"
        voice = name.name.partition("-")[0]
        if name.kind == models.PIPER and not codes.same(voice, found.code):
            yield f"language.yaml: models: {role}: {name} is a voice of another language"


def _missing(part: str, own: Mapping[str, Any], model: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys of the English part that a part lacks, and unknown keys of fixed mappings."""
    for key in _FREE.get(part, ()):
        mine, theirs = own.get(key) or {}, model.get(key) or {}
        for name in theirs:
            if name not in mine:
                yield f"{part}.yaml: {key}: {name} is missing"
        for name in sorted(mine.keys() - theirs.keys()) if part == "own_sentences" else ():
            yield f"{part}.yaml: {key}: {name} is unknown"
    if part == "names":
        for key in ("areas", "names"):
            if not own.get(key):
                yield f"names.yaml: {key} is missing"


def _plural_forms(rings: Mapping[str, Any], plurals: Plurals) -> Iterator[str]:
    """Yield the plural categories that late rings lack, or have without need."""
    for timer in ("timer", "named_timer"):
        for unit, forms in (rings.get(timer) or {}).items():
            if isinstance(forms, Mapping):
                where = f"own_sentences.yaml: rings: {timer}: {unit}"
                for category in sorted(set(plurals.categories) - forms.keys()):
                    yield f"{where}: the plural category {category} is missing"
                for category in sorted(forms.keys() - set(plurals.categories)):
                    yield f"{where}: the language has no plural category {category}"


def _table(found: Pack) -> None:
    if language_table.table(found.code) is None:
        raise PluginBroken("spoken.yaml cannot be used")


def _ignore(found: Pack) -> None:
    """Part with a check of its own."""


_READERS: dict[str, Callable[[Pack], object]] = {
    "names": lambda found: names.names_of(found.code),
    "own_sentences": lambda found: read_sentences(found.code, found.part("own_sentences")),
    "text": lambda found: text_rules.text_rules(found.code),
    "hearing": lambda found: hearing.hearing(found.code),
    "spoken": _table,
}
"""What reads a part, and raises `PluginBroken` for an invalid one."""
