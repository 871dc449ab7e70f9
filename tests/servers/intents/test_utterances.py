"""Requests as people say them and as Whisper writes them, each with what comes of it.

The table is utterances.txt: an utterance, `=>`, and the actions, or the answer if there is none.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.values import Action, Declined, ReplyPart, Situation, TimerState
from tests.servers.llm.built_in_engine import NOW, parts

TABLE = Path(__file__).with_name("utterances.txt")
HOME = Situation(
    now=NOW,
    volume=0.4,
    home=True,
    names=(
        *("lamp", "lights", "heater", "radio", "Lamp 2", "Light #1", "A/C", "TV", "Room 101 Lamp"),
        *("2nd Floor Lamp", "PS5", "Desk & Shelf", "3D Printer", "Front Door", "garage door"),
    ),
    areas=("living room", "kitchen", "bedroom", "Room 12"),
    timers=(TimerState(id="1", total=600, remaining=300, name="pasta"),),
)
"""It is 10:25 on Friday, the twentieth of November 2026; a pasta timer has five minutes left."""
SPOKEN = ("say", "target")
"""Keys of an action that only determine the answer."""


def rows() -> list[tuple[str, str]]:
    lines = TABLE.read_text("utf-8").splitlines()
    pairs = [line.split(" => ") for line in lines if line and not line.startswith("#")]
    return [(said, expected) for said, expected in pairs]


def outcome(reply: tuple[ReplyPart, ...]) -> str:
    """Return a reply in the form of the table."""
    if any(isinstance(part, Declined) for part in reply):
        return "declined"
    actions = [part for part in reply if isinstance(part, Action)]
    if not actions:
        return " ".join(part for part in reply if isinstance(part, str))
    return "; ".join(map(_action, actions))


def _action(action: Action) -> str:
    fields = (
        f"{key}={_plain(value)}"
        for key, value in sorted(action.data.items())
        if key not in SPOKEN and value not in (None, False, [])
    )
    return " ".join((action.name, *fields))


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def test_the_table_is_long() -> None:
    assert len(rows()) >= 120
    assert len({said for said, _expected in rows()}) == len(rows())


@pytest.mark.parametrize(("said", "expected"), rows(), ids=[said for said, _expected in rows()])
def test_an_utterance_has_its_outcome(said: str, expected: str) -> None:
    assert outcome(parts(said, HOME)) == expected
