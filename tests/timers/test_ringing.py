"""What is said before a late ring."""

from __future__ import annotations

import asyncio

import pytest

from satellite.errors import PluginBroken
from satellite.timers import bell
from satellite.timers.alarm import Alarm
from satellite.timers.ringing import Ring, RingWords
from satellite.timers.schedule import DueEntry, Timer
from satellite.turns.own_sentences import own_sentences, read_sentences
from tests.support.ring_words import english_rings
from tests.timers.clocks import BERLIN, Clocks, RunningTimers, berlin


def late(seconds: float, name: str | None = None, text: str | None = None) -> DueEntry:
    """Return a timer that rings late."""
    return DueEntry(Timer(id="t", total=60, due=0, name=name, text=text), seconds, 0)


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (late(29), ""),
        (late(29, text="Reminder: eat."), "Reminder: eat."),
        (late(45), "A timer ended 45 seconds ago."),
        (late(62, "tea"), "The tea timer ended one minute ago."),
        (late(600, text="Reminder: eat."), "A timer ended 10 minutes ago. Reminder: eat."),
        (
            DueEntry(Alarm(id="a", hour=15, minute=5), 60, berlin("2026-11-20 15:05")),
            "An alarm was for 3:05 PM.",
        ),
    ],
)
def test_the_words_say_how_late_it_is(due: DueEntry, words: str) -> None:
    assert english_rings().announcement(due, BERLIN) == words


async def test_a_late_ring_is_announced_in_the_language_of_its_words() -> None:
    content = {
        "timer": {"seconds": "", "minutes": "Ein Timer endete vor {count} Minuten."},
        "named_timer": {"seconds": "", "minutes": ""},
        "alarm": "Der Wecker war für {time}.",
        "named_alarm": "",
        "time": "{hour}:{minute:02} Uhr",
    }
    german = read_sentences("de", {**own_parts(), "rings": content}).ring_words()
    home = RunningTimers(words=lambda language: german)
    async with home.running():
        home.timers.start(600)
        home.clocks.pass_(900)
        await home.settle()
        assert home.bell.rings[0].words == "Ein Timer endete vor 5 Minuten."
        assert home.bell.rings[0].language == "de"


async def test_what_rings_late_is_announced_in_the_language_in_which_it_was_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bell, "PAUSE", 0)
    rung: list[Ring] = []

    async def ring(once: Ring) -> None:
        rung.append(once)

    german = DueEntry(Timer(id="g", total=60, due=0, name="Pizza", language="de"), 300, 0)
    ringing = bell.Bell(
        ring, 60, Clocks(), BERLIN, lambda language: own_sentences(language).ring_words()
    )
    async with asyncio.TaskGroup() as tasks:
        ringing.add(late(120, "tea"), tasks)
        ringing.add(german, tasks)
        while len(rung) < 3:
            await asyncio.sleep(0)
        ringing.silence()
    assert [(each.words, each.language) for each in rung[:3]] == [
        ("The tea timer ended 2 minutes ago.", "en"),
        ("Der Pizza-Timer ist vor 5 Minuten abgelaufen.", "de"),
        ("", None),
    ]


async def test_a_timer_rings_where_the_words_cannot_be_read() -> None:
    def broken(language: str | None) -> RingWords:
        raise PluginBroken("language pack de: own_sentences.yaml: invalid")

    home = RunningTimers(words=broken)
    async with home.running():
        home.timers.start(600, text="Reminder: eat.")
        home.clocks.pass_(900)
        await home.settle()
        assert home.bell.rings[0].words == "Reminder: eat."


def own_parts() -> dict[str, object]:
    """Return the English sentences other than the rings."""
    own = own_sentences()
    fields = ("one_moment", "no_answer", "nothing_to_say", "causes", "stages", "names")
    return {field: getattr(own, field) for field in fields}


async def test_a_reminder_is_said_in_its_own_language_also_after_a_snooze() -> None:
    home = RunningTimers()
    async with home.running():
        home.timers.start(60, text="Denk an die Milch.", language="de")
        home.clocks.pass_(61)
        await home.settle()
        assert (home.bell.rings[0].words, home.bell.rings[0].language) == (
            "Denk an die Milch.",
            "de",
        )
        home.timers.snooze(60)
        home.clocks.pass_(61)
        await home.settle()
        assert home.bell.rings[-1].language == "de"
