"""The latest messages of the log."""

from __future__ import annotations

import gc
import logging
import sys
import weakref

import pytest

from satellite.diagnostics.log.latest_messages import MOST, LatestMessages

LOGGER = logging.getLogger("satellite.test")


class Held:
    def __str__(self) -> str:
        return "an argument"


def test_the_latest_are_held_newest_first() -> None:
    latest = LatestMessages()
    with latest.collected():
        for number in range(MOST + 50):
            LOGGER.warning("number %d", number)
    LOGGER.warning("after it")
    texts = [message.text for message in latest.latest(MOST * 2)]
    assert len(texts) == MOST
    assert (texts[0], texts[-1]) == (f"number {MOST + 49}", "number 50")
    assert [message.text for message in latest.latest(2)] == texts[:2]


def test_a_level_leaves_out_those_below_it() -> None:
    latest = LatestMessages()
    with latest.collected():
        for level in (logging.ERROR, 35, logging.WARNING):
            LOGGER.log(level, "%d", level)
    assert [message.text for message in latest.latest(9, logging.WARNING)] == ["30", "35", "40"]
    assert [message.level for message in latest.latest(9, 35)] == ["level 35", "error"]


def test_what_a_message_is_about_is_not_held() -> None:
    latest, argument = LatestMessages(), Held()
    gone = weakref.ref(argument)
    try:
        raise ValueError("with a stack")
    except ValueError:  # past the handlers of the test run, which hold records
        stack = sys.exc_info()
        latest.handle(
            LOGGER.makeRecord("satellite", logging.ERROR, "x.py", 1, "of %s", (argument,), stack)
        )
    del argument, stack
    gc.collect()
    assert gone() is None
    (message,) = latest.latest(1)
    assert message.text.startswith("of an argument\nTraceback")
    assert message.text.endswith("ValueError: with a stack")


def test_a_message_is_bounded_and_harmless() -> None:
    latest = LatestMessages()
    with latest.collected():
        LOGGER.warning("%s", "\x1b[2J" + "x" * 10_000)
        LOGGER.warning("%s", "\n" * 10_000)
        LOGGER.warning("Authorization: Bearer %s", "abcdefgh12345678")
    secret, lines, long = latest.latest(3)
    assert "abcdefgh" not in secret.text
    assert len(lines.text) < 200
    assert len(long.text) == 500
    assert "\x1b" not in long.text


def test_arguments_that_do_not_fit_raise_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    latest = LatestMessages()
    record = LOGGER.makeRecord("satellite", logging.INFO, "x.py", 1, "%d", ("x",), None)
    latest.handle(record)
    assert "Logging error" in capsys.readouterr().err
    assert not latest.latest(1)
