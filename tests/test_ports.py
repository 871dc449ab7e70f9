"""What plugins may offer beyond their roles, and how a misspelled offer is found."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

import msgspec
import pytest

from satellite.components import registry
from satellite.options import OptionSet
from satellite.ports import OFFERS, ROLES, EngineContext, misspelled_offers


class Plain:
    class Options(OptionSet, frozen=True):
        """None."""

    def __init__(self, options: Options) -> None:
        """Nothing is kept."""


class Misspelled(Plain):
    argumnt: ClassVar[str] = "url"
    look_evry: ClassVar[float] = 2.0
    requires: ClassVar[tuple[Any, ...]] = ()

    def problem(self) -> None:
        """Ignored: `problems` is meant."""


class Similar(Plain):
    """Names that are no offers of a microphone, and similar to none."""

    waiting = 3
    patience = 1.0
    _argumnt = "private"


def test_a_misspelled_offer_is_found_with_the_right_spelling() -> None:
    assert misspelled_offers(Misspelled, "asr") == {
        "argumnt": "argument",
        "look_evry": "look_every",
        "problem": "problems",
    }


@pytest.mark.parametrize("role", ROLES)
def test_other_names_are_no_misspellings(role: str) -> None:
    assert misspelled_offers(Similar, role) == {}


def test_an_offer_of_another_role_is_not_looked_for() -> None:
    assert "look_evry" not in misspelled_offers(Misspelled, "hook")


@pytest.mark.parametrize(
    "plugin", [*registry.installed()], ids=lambda plugin: f"{plugin.role}-{plugin.name}"
)
def test_no_installed_plugin_has_one(plugin: registry.Plugin) -> None:
    assert misspelled_offers(plugin.load(), plugin.role) == {}


def test_every_role_has_its_offers() -> None:
    assert set(OFFERS) == set(ROLES)


class Entry(msgspec.Struct, frozen=True):
    """An entry point."""

    kind: type[Any]
    value: str = "stranger:Plugin"

    def load(self) -> type[Any]:
        return self.kind


def test_a_misspelled_offer_is_logged_when_the_plugin_is_made(
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry: Any = Entry(Misspelled)
    plugin = registry.Plugin("mic", "strange", "stranger", "1", entry)
    plugin.create(Misspelled.Options(), EngineContext())
    messages = [record.getMessage() for record in caplog.records]
    assert (
        "mic plugin strange: its attribute argumnt is ignored; did you mean argument?" in messages
    )
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
