"""Sentence templates of a language: loaded from YAML, matched against what a person said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from satellite.errors import EngineFailed, ModelMissing
from servers.intents.match import Match
from servers.intents.phrases import Phrases

if TYPE_CHECKING:
    from hassil.expression import Sentence
    from hassil.intents import Intents, SlotList

LONGEST = 300
"""Characters. Nobody says more in one request (15 s at 20 characters a second); a longer text is
not matched at all, which bounds the time that matching takes."""

_HOMES = 8
"""How many homes' names and areas are kept ready for matching."""

_UNDERSTOOD = re.compile(r"[-_\s]+")


class Sentences:
    """The sentences of one language, parsed."""

    def __init__(self, language: str, intents: Intents, phrases: Phrases) -> None:
        self.language = language
        self.intents = intents
        self.phrases = phrases
        self.lists = lru_cache(_HOMES)(self._lists)

    def templates(self) -> Iterator[tuple[str, Sentence]]:
        """Yield every sentence template with the name of its intent.

        Rules that templates refer to are in `intents.expansion_rules`, lists in `lists(...)`.
        """
        for name, intent in self.intents.intents.items():
            for data in intent.data:
                for sentence in data.sentences:
                    yield name, sentence

    def _lists(self, names: tuple[str, ...], areas: tuple[str, ...]) -> dict[str, SlotList]:
        """Every list that templates refer to, `name` and `area` filled with those of a home."""
        return {
            **self.intents.slot_lists,
            "name": _text_list("name", names),
            "area": _text_list("area", areas),
        }

    def match(self, text: str, names: tuple[str, ...], areas: tuple[str, ...]) -> Match | None:
        """Find the sentence that fits `text` best; None when there is none."""
        from hassil.recognize import recognize_best

        text = plain(text)
        if not text or len(text) > LONGEST:
            return None
        found = recognize_best(
            text, self.intents, slot_lists=self.lists(names, areas), language=self.language
        )
        if found is None:
            return None
        return Match(
            intent=found.intent.name,
            response=found.response or "default",
            slots={entity.name: entity.value for entity in found.entities_list},
        )


def load(language: str, extra_dir: str | Path = "") -> Sentences:
    """Read the sentences of `language` and, from `extra_dir`, the user's own.

    Those are `*.yaml` there and in its folder `<language>`; a file for another language (its key
    `language`) is passed over. They add to the built-in sentences and may replace lists, rules and
    responses. Raises `ModelMissing` where there is no such language and `EngineFailed` where a file
    is wrong. Blocks; imports hassil.
    """
    from hassil.intents import Intents
    from hassil.util import merge_dict

    family = language.replace("_", "-").split("-")[0].lower()
    sources = [*_built_in(family), *_extra(family, extra_dir)]
    if not any(source.get("words") for _name, source in sources):
        raise ModelMissing(
            f"there are no sentences for language {language!r}; built in: {', '.join(languages())}"
            " (another one is a YAML file in the folder that the option sentences names)"
        )
    merged: dict[str, Any] = {}
    for name, source in sources:
        try:
            merge_dict(merged, source)
        except AssertionError as error:  # hassil's way to say that a list meets a mapping
            raise EngineFailed(f"sentences {name}: {error}") from error
    merged["language"] = family
    where = ", ".join(name for name, _source in sources)
    try:
        intents = Intents.from_dict(merged)
        sentences = Sentences(family, intents, Phrases.make(merged))
        _parse_all(sentences)
    except EngineFailed:
        raise
    except Exception as error:  # hassil raises whatever a malformed file makes it stumble over
        raise EngineFailed(f"sentences in {where}: {type(error).__name__}: {error}") from error
    return sentences


def languages() -> tuple[str, ...]:
    """The languages that are built in."""
    folder = files("servers.intents")
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".yaml")))


def plain(text: str) -> str:
    """Write `text` the way templates and speech recognition do: no hyphens, signs as words."""
    text = text[: LONGEST * 4].replace("%", " percent").replace("’", "'")
    return _UNDERSTOOD.sub(" ", text).strip()


def _parse_all(sentences: Sentences) -> None:
    # hassil parses templates on first use: here, so that a wrong one is known at once
    for _name, _template in sentences.templates():
        pass
    sentences.match("set a timer for five minutes", (), ())


def _text_list(name: str, values: Sequence[str]) -> SlotList:
    from hassil.intents import TextSlotList

    pairs = [(plain(value), value) for value in values if plain(value)]
    return TextSlotList.from_tuples(pairs, allow_template=False, name=name)


def _built_in(language: str) -> Iterator[tuple[str, dict[str, Any]]]:
    file = files("servers.intents") / f"{language}.yaml"
    if file.is_file():
        yield file.name, _read(file.name, file.read_text("utf-8"))


def _extra(language: str, folder: str | Path) -> Iterator[tuple[str, dict[str, Any]]]:
    if not folder:
        return
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise EngineFailed(f"sentences: {root} is not a folder")
    for path in sorted([*root.glob("*.yaml"), *(root / language).glob("*.yaml")]):
        source = _read(str(path), _text(path))
        if str(source.get("language", language)).split("-")[0].lower() == language:
            yield str(path), source


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EngineFailed(f"sentences {path} cannot be read: {error}") from error


def _read(name: str, text: str) -> dict[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        source = yaml.load(text, loader)
    except yaml.YAMLError as error:
        raise EngineFailed(
            f"sentences {name} is not YAML: {' '.join(str(error).split())}"
        ) from error
    if not isinstance(source, Mapping):
        raise EngineFailed(f"sentences {name}: expected keys such as intents, found {source!r:.40}")
    return dict(source)
