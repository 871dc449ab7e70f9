"""Mute closes the microphone's device, for any party, and is remembered."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from satellite import events
from satellite.errors import DeviceMissing
from satellite.lib.persistence import StoredValue
from satellite.listening.mute import MOST, USER, Mute
from satellite.settings import CueSettings, Settings
from satellite.turns.context import Engines
from satellite.values import Action
from tests.support import virtual_time
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.paced_satellite import QUIET, PacedSatellite
from tests.support.scripted_satellite import SILENCE, VOICE, WAKE


def test_it_is_muted_while_any_party_mutes_it() -> None:
    told: list[events.Event] = []
    mute = Mute(told.append)
    mute.set(True)
    mute.set(True, by="homeassistant")
    mute.set(False, by="homeassistant")
    assert mute.muted
    mute.set(False, by="another")
    assert mute.muted
    mute.set(False)
    assert not mute.muted
    assert [event.muted for event in told if isinstance(event, events.Mute)] == [True, False]


def test_people_in_the_room_end_the_mute_of_any_party() -> None:
    mute = Mute(lambda event: None)
    for party in ("homeassistant at 10.0.0.5", "homeassistant at 10.0.0.6"):
        mute.set(True, by=party)
    assert mute.by == ("homeassistant at 10.0.0.5", "homeassistant at 10.0.0.6")
    mute.set(False)
    assert not mute.muted


def test_a_crowd_of_parties_is_bounded_and_stays_muted() -> None:
    mute = Mute(lambda event: None)
    for number in range(1000):
        mute.set(True, by=f"homeassistant at 10.0.0.{number}")
    assert len(mute.by) <= MOST + 1
    for number in range(1000):
        mute.set(False, by=f"homeassistant at 10.0.0.{number}")
    assert mute.muted
    mute.set(False)
    assert not mute.muted


@pytest.mark.parametrize("by", [USER, "homeassistant at 10.0.0.5"])
def test_the_mute_of_any_party_survives_a_restart(tmp_path: Path, by: str) -> None:
    def restarted() -> Mute:
        return Mute(
            lambda event: None,
            StoredValue("mute", bool, False, tmp_path),
            StoredValue("muted-by", tuple[str, ...], (), tmp_path),
        )

    restarted().set(True, by)
    assert restarted().by == (by,)
    restarted().set(False, by="homeassistant at 10.0.0.6")
    assert restarted().muted
    restarted().set(False, by)
    assert not restarted().muted


def test_the_device_is_closed_within_a_tenth_of_a_second_and_opened_again() -> None:
    async def main() -> None:
        async with PacedSatellite().open() as home:
            home.controls.mute(True)
            assert await home.until(lambda: not home.mic.is_open) < 0.1
            await asyncio.sleep(30.0)
            assert (home.mic.is_open, home.mic.opened) == (False, 1)
            assert not home.activity.quiet
            home.controls.mute(False)
            assert await home.until(lambda: home.mic.is_open) < 0.2
            home.ask()
            await home.ended()
            assert home.outcomes() == ["answered"]

    virtual_time.run(main())


def test_clocks_that_count_samples_go_on_while_it_is_closed() -> None:
    async def main() -> None:
        async with PacedSatellite().open() as home:
            home.controls.mute(True)
            before = home.listener._ring.end  # noqa: SLF001  what counts all sound
            await asyncio.sleep(60.0)
            assert (home.listener._ring.end - before) / 32000 == pytest.approx(60.0, abs=0.2)  # noqa: SLF001

    virtual_time.run(main())


def test_muting_cancels_a_request_in_progress() -> None:
    async def main() -> None:
        async with PacedSatellite().open() as home:
            home.mic.say((WAKE, 0.03), (SILENCE, 0.4), (VOICE, 3.0))
            await home.until(lambda: bool(home.of(events.SpeechStart)))
            home.controls.mute(True)
            await home.ended()
            assert home.outcomes() == ["cancelled"]

    virtual_time.run(main())


def test_a_reply_continues_while_the_microphone_is_muted() -> None:
    async def main() -> None:
        async with PacedSatellite().open() as home:
            home.ask()
            await home.speaking()
            home.controls.mute(True)
            await home.ended()
            assert home.outcomes() == ["answered"]
            assert not home.mic.is_open

    virtual_time.run(main())


def test_muted_by_voice_it_listens_to_no_answer() -> None:
    async def main() -> None:
        llm = ScriptedLlm([("My microphone is off?", Action(name="mute"))])
        async with PacedSatellite(QUIET, Engines(ScriptedAsr(), llm, ScriptedTts())).open() as home:
            home.ask()
            await home.ended()
            assert [event.muted for event in home.of(events.Mute)] == [True]
            assert not home.mic.is_open
            await asyncio.sleep(5.0)
            assert len(home.utterances) == 1  # not even an answer

    virtual_time.run(main())


def test_muted_at_the_start_the_device_is_never_opened(tmp_path: Path) -> None:
    async def main() -> None:
        kept = StoredValue("mute", bool, False, tmp_path)
        kept.write(True)
        async with PacedSatellite(kept=kept).open() as home:
            await asyncio.sleep(5.0)
            assert home.mic.opened == 0
            home.controls.mute(False)
            await home.until(lambda: home.mic.is_open)
        assert kept.read() is False

    virtual_time.run(main())


def test_a_device_that_another_program_uses_is_retried() -> None:
    async def main() -> None:
        async with PacedSatellite().open() as home:
            home.controls.mute(True)
            await home.until(lambda: not home.mic.is_open)
            home.mic.missing = DeviceMissing("busy")
            home.controls.mute(False)
            await asyncio.sleep(10.0)
            assert [error.where for error in home.of(events.Error)] == ["mic"]
            home.mic.missing = None
            await home.until(lambda: home.mic.is_open, 5.0)

    virtual_time.run(main())


def test_a_cue_says_that_the_microphone_was_closed_or_opened() -> None:
    async def main() -> None:
        async with PacedSatellite(Settings(name="x", cues=CueSettings(awake=False))).open() as home:
            home.controls.mute(True)
            await home.until(lambda: home.speaker.played > 0.2)
            home.controls.mute(False)
            await home.until(lambda: home.speaker.played > 0.5)
            await asyncio.sleep(1.0)
            played = home.speaker.played
            home.mute.set(True, by="homeassistant")
            await asyncio.sleep(1.0)
            assert home.speaker.played == played

    virtual_time.run(main())
