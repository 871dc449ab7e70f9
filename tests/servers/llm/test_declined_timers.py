"""A timer is meant by its name in whatever case."""

from __future__ import annotations

from functools import cache

import pytest

from satellite.values import Action, ReplyRequest, Situation, TimerState
from servers.intents.sentences import Sentences, load
from servers.intents.skills import SKILLS
from servers.llm.intents import answer


@cache
def sentences(language: str) -> Sentences:
    return load(language, understood=SKILLS)


def canceled(language: str, text: str, *names: str) -> str | None:
    """Return the id of the timer that is canceled: its place among those of these names."""
    timers = tuple(
        TimerState(id=str(place), total=600, remaining=300, name=name)
        for place, name in enumerate(names)
    )
    request = ReplyRequest(
        text=text,
        language=language,
        situation=Situation(now="2026-11-20T10:25:00+01:00", timers=timers),
    )
    actions = [part for part in answer(sentences(language), request) if isinstance(part, Action)]
    return actions[0].data["id"] if actions else None


@pytest.mark.parametrize(
    ("language", "text", "names", "expected"),
    [
        ("ru", "отмени таймер пицца", ("яйца", "пиццы"), "1"),
        ("ru", "отмени таймер для пиццы", ("яйца", "пицца"), "1"),
        ("ru", "отмени таймер для пиццы", ("пиццу",), "0"),
        ("pl", "anuluj minutnik na pizzę", ("jajka", "pizza"), "1"),
        ("pl", "anuluj minutnik pizzy", ("pizzę",), "0"),
        ("de", "brich den Kartoffeltimer ab", ("Eier", "Kartoffeln"), "1"),
    ],
)
def test_a_declined_name_is_that_of_the_timer(
    language: str, text: str, names: tuple[str, ...], expected: str
) -> None:
    assert canceled(language, text, *names) == expected


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("ru", "отмени таймер для супа", ("пиццы",)),
        ("ru", "отмени таймер для пиццы", ("пицца", "Пицца", "пиццу")),
        ("pl", "anuluj minutnik na makaron", ("makowiec",)),
        ("en", "cancel the pizza timer", ("pizzas",)),
    ],
)
def test_another_name_or_one_of_two_is_none(
    language: str, text: str, names: tuple[str, ...]
) -> None:
    assert canceled(language, text, *names) is None
