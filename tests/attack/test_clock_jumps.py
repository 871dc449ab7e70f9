"""Clocks that jump: a day forward, an hour back, a week of suspension, 1970 until a network comes.

Each part that reads a clock has its test; tests/timers/test_clocks.py has the rules of alarms.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import ssl
import time
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from satellite import events
from satellite.diagnostics.recordings.folder import Recording, RecordingFolder, name_of
from satellite.diagnostics.stats import database
from satellite.diagnostics.stats import snapshot as snapshots
from satellite.diagnostics.stats.collector import Collector, TurnRow
from satellite.engines.known_servers import KnownServers
from satellite.http.browsers import IDLE, VALID, Browsers
from satellite.http.certificate import HttpsCertificate
from satellite.lib.persistence import StoredValue
from satellite.net.pairing import Pairing
from satellite.net.pairing.identity import ensure_identity
from satellite.net.pairing.key_store import KeyStore
from satellite.net.pairing.tls import client_context
from satellite.settings import PairingSettings, RecordingSettings
from satellite.timers.alarm import Alarm, with_date
from satellite.timers.schedule import Schedule
from satellite.timers.wall_clock import ClockReading
from tests.timers.clocks import Clocks, RunningTimers

DAY, WEEK = 86400.0, 7 * 86400.0
NOW = 1_796_000_000.0
"""A time in November 2026."""
EPOCH = "1970-01-01 01:00"
"""Where a machine without a clock begins, in Berlin."""


def states(home: RunningTimers) -> list[str]:
    """Return what became of timers and alarms, in order."""
    return [event.state for event in home.events if isinstance(event, events.Timer | events.Alarm)]


def ringing(home: RunningTimers) -> bool:
    """Return whether anything rings now."""
    return home.timers.ringing


async def test_a_day_forward_changes_no_timer_and_rings_an_alarm_at_its_next_time() -> None:
    home = RunningTimers(Clocks("2026-11-20 06:00"))
    async with home.running():
        home.timers.start(600.0, "egg")
        home.timers.set_alarm(7)
        home.clocks.wall += DAY
        await home.settle()
        assert not ringing(home)
        (timer,) = home.timers.states()
        assert timer.remaining == pytest.approx(600.0)
        home.clocks.pass_(600.0)
        await home.settle()
        assert ringing(home)
        home.timers.dismiss()
        assert not home.timers.states()
        home.clocks.pass_(3000.0)
        await home.settle()
        assert ringing(home)
        assert home.bell.rings[-1].words == ""
        assert states(home).count("finished") == 2
        assert "missed" not in states(home)


async def test_an_alarm_on_a_named_day_is_missed_when_the_clock_is_set_beyond_it() -> None:
    home = RunningTimers(Clocks("2026-11-20 06:00"))
    async with home.running():
        home.timers.set_alarm(7, day=date(2026, 11, 22))
        home.clocks.wall += 3 * DAY
        await home.settle()
        home.clocks.pass_(901.0)
        await home.settle()
        assert states(home) == ["started", "missed"]


@pytest.mark.parametrize(
    ("wrong", "restart"),
    [
        *(
            (day, False)
            for day in (EPOCH, "2026-11-17 06:00", "2026-11-21 06:00", "2099-01-01 06:00")
        ),
        (EPOCH, True),  # of the others, nothing shows after a restart that they were wrong
    ],
)
async def test_an_alarm_that_was_set_by_a_wrong_clock_rings_by_the_right_one(
    wrong: str, restart: bool, tmp_path: Path
) -> None:
    clocks = Clocks(wrong)
    store = StoredValue("timers", Schedule, Schedule(), tmp_path)
    home = RunningTimers(clocks, store=store)
    async with home.running():
        home.timers.set_alarm(7)
        clocks.pass_(60.0)
        if not restart:
            clocks.set("2026-11-20 06:00")
            await home.settle()
            await check_rings_at_seven(home)
            return
    clocks.restart(0.0)
    home = RunningTimers(clocks, store=store)
    async with home.running():
        clocks.set("2026-11-20 06:00")
        await home.settle()
        await check_rings_at_seven(home)


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati", "Etc/GMT+12", "UTC"])
async def test_alarms_of_a_clock_that_was_never_set(zone: str) -> None:
    """West of Greenwich, it begins in 1969."""
    for wall, hour in itertools.product((0.0, 60.0, 43_000.0), range(24)):
        alarm = with_date(Alarm(id="a", hour=hour, minute=0), wall, ZoneInfo(zone))
        at = alarm.next_time(wall, ZoneInfo(zone))
        assert at is not None
        assert wall < at <= wall + DAY


def test_no_stored_time_keeps_the_schedule_from_being_read() -> None:
    walls = (-3e10, -1e9, 0.0, 60.0, 1.7e9, NOW, 2.9e10, 3e10)
    days = ("1969-12-31", "1970-01-01", "2026-11-20", "2899-12-31")
    for last, then, wall, on, session in itertools.product(walls, walls, walls, days, "ab"):
        alarm = Alarm(id="x", hour=7, minute=0, on=on, last=last)
        stored = Schedule(moment=ClockReading(then, 5.0, "a"), alarms=(alarm,))
        now = ClockReading(wall, 10.0, session)
        schedule = stored.adjusted(now)
        assert len(schedule.alarms) == 1
        list(schedule.due(now))
        schedule.wait(now)


async def check_rings_at_seven(home: RunningTimers) -> None:
    (alarm,) = home.timers.alarms()
    assert alarm.at == "2026-11-20T07:00:00+01:00"
    home.clocks.pass_(3600.0)
    await home.settle()
    assert home.timers.ringing
    assert "missed" not in states(home)


async def test_an_alarm_survives_a_clock_that_was_wrong_for_a_while() -> None:
    home = RunningTimers(Clocks("2026-11-20 06:00"))
    async with home.running():
        home.timers.set_alarm(7)
        home.clocks.wall += DAY
        await home.settle()
        home.clocks.pass_(120.0)
        home.clocks.wall -= DAY
        await home.settle()
        home.clocks.pass_(3600.0 - 120.0)
        await home.settle()
        assert home.timers.ringing
        assert "missed" not in states(home)


async def test_an_hour_back_rings_nothing_that_is_done() -> None:
    home = RunningTimers(Clocks("2026-11-20 06:50"))
    async with home.running():
        home.timers.start(300.0, "egg")
        home.timers.set_alarm(7)
        home.clocks.pass_(900.0)
        await home.settle()
        home.timers.dismiss()
        home.clocks.wall -= 3600.0
        await home.settle()
        for _ in range(8):
            home.clocks.pass_(900.0)
            await home.settle()
            assert not home.timers.ringing
        assert sorted(states(home).count(state) for state in ("finished", "dismissed")) == [2, 2]


async def test_a_week_of_suspension_rings_nothing_of_last_week() -> None:
    home = RunningTimers(Clocks("2026-11-20 06:00"))
    async with home.running():
        home.timers.start(600.0, "egg")
        home.timers.set_alarm(7)
        home.timers.set_alarm(8, days=tuple(range(7)))
        home.clocks.pass_(WEEK)
        await home.settle()
        assert not home.timers.ringing
        assert not home.timers.states()
        (alarm,) = home.timers.alarms()
        assert alarm.at == "2026-11-27T08:00:00+01:00"


@pytest.mark.parametrize("minutes", [1, 10, 59])
async def test_an_alarm_missed_by_minutes_rings_and_says_when_it_was(minutes: int) -> None:
    home = RunningTimers(Clocks("2026-11-20 06:00"))
    async with home.running():
        home.timers.set_alarm(7)
        home.clocks.pass_(3600.0 + 60.0 * minutes)
        await home.settle()
        assert home.timers.ringing
        assert "An alarm was for 7:00 AM." in home.bell.rings[0].words


async def test_no_clock_at_the_start_and_then_the_right_one() -> None:
    home = RunningTimers(Clocks(EPOCH))
    async with home.running():
        home.timers.start(600.0, "egg")
        home.timers.set_alarm(7, days=tuple(range(7)))
        home.clocks.pass_(60.0)
        home.clocks.set("2026-11-20 06:00")
        await home.settle()
        assert not ringing(home)
        (timer,) = home.timers.states()
        assert timer.remaining == pytest.approx(540.0)
        (alarm,) = home.timers.alarms()
        assert alarm.at == "2026-11-20T07:00:00+01:00"
        home.clocks.pass_(3600.0)
        await home.settle()
        assert home.timers.ringing
        assert states(home).count("finished") == 2


@pytest.mark.parametrize("when", ["1970-01-01", "2026-11-29", "2038-01-20", "2999-12-31"])
def test_keys_are_valid_at_any_time(when: str, tmp_path: Path) -> None:
    identity = ensure_identity(KeyStore(tmp_path / "keys"), "room")
    assert isinstance(client_context(identity, "satellite-asr"), ssl.SSLContext)
    from cryptography import x509

    certificate = x509.load_pem_x509_certificate(identity.certificate.encode())
    moment = datetime.fromisoformat(when).replace(hour=1, tzinfo=UTC)
    assert certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc


@pytest.mark.parametrize("wrong", [60.0, NOW - 20 * DAY, NOW + DAY, NOW + 20 * 365 * DAY])
def test_a_log_in_while_the_clock_is_wrong_lasts_as_long_as_any(
    wrong: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browsers = Browsers(KeyStore(tmp_path / "keys"))
    boot = [1000.0]
    monkeypatch.setattr("satellite.http.browsers.seconds_since_boot", lambda: boot[0])
    monkeypatch.setattr("satellite.http.browsers.boot_session", lambda: "this one")

    def clock(wall: float) -> None:
        monkeypatch.setattr(time, "time", lambda: wall)

    clock(wrong)
    browsers.show("12345678")
    clock(NOW)
    logged_in = browsers.log_in("12345678", "Firefox", "10.0.0.9")
    assert logged_in is not None, "the code is as old as before"
    clock(wrong)
    browsers.show("12345678")
    logged_in = browsers.log_in("12345678", "Firefox", "10.0.0.9")
    assert logged_in is not None
    clock(NOW)
    assert browsers.find(logged_in.cookie) is not None
    browsers.correct_times()
    clock(NOW + IDLE - DAY)
    lasting = wrong != NOW - 20 * DAY  # a time that may have been right
    assert (browsers.find(logged_in.cookie) is not None) == lasting
    clock(NOW + IDLE + 2 * DAY)
    assert browsers.find(logged_in.cookie) is None
    browsers.show("12345678")
    boot[0] += VALID + 1
    assert browsers.log_in("12345678", "Firefox", "10.0.0.9") is None


def test_an_unset_clock_logs_no_browser_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browsers = Browsers(KeyStore(tmp_path / "keys"))
    browsers.show("12345678")
    logged_in = browsers.log_in("12345678", "Firefox", "10.0.0.9")
    assert logged_in is not None
    monkeypatch.setattr(time, "time", lambda: 60.0)
    browsers.correct_times()
    assert browsers.find(logged_in.cookie) == logged_in.browser


def test_a_start_without_a_clock_replaces_no_certificate(tmp_path: Path) -> None:
    def fingerprint(year: int) -> str:
        certificate = HttpsCertificate(
            KeyStore(tmp_path / "keys"), "den", addresses=tuple, host="den"
        )
        return certificate.ensure(datetime(year, 12, 1, tzinfo=UTC)).fingerprint

    first = fingerprint(1970)
    right = fingerprint(2026)
    assert first != right, "one that has expired is renewed"
    assert fingerprint(1970) == right == fingerprint(2026)
    assert fingerprint(2099) != right


def test_stages_are_measured_by_the_clock_that_cannot_be_set() -> None:
    collector = Collector()
    started = events.Wake(word="w", score=1.0, turn="a", time=0.0, mono=10.0)
    ended = events.SpeechEnd(turn="a", time=1.7e9, mono=12.0, decided=1.7e9, decided_mono=12.5)
    heard = events.Transcript(text="x", final=True, engine="e", turn="a", time=5.0, mono=13.0)
    done = events.TurnEnd(outcome="answered", turn="a", time=1.8e9, mono=14.0)
    rows = [row for event in (started, ended, heard, done) if (row := collector.take(event))]
    (row,) = [row for row in rows if isinstance(row, TurnRow)]
    assert (row.endpoint, row.asr) == (0.5, 0.5)


def test_no_clock_at_the_start_deletes_no_statistics(tmp_path: Path) -> None:
    made = database.Database(tmp_path / "stats.sqlite")
    made.write([TurnRow(id="a", at=1.7e9)])
    for now in (60.0, 1.7e9 - 3600, 1.7e9 + DAY):
        made.prune(now)
    made.close()
    assert [row.id for row in database.read(tmp_path / "stats.sqlite")[0]] == ["a"]


def test_no_clock_at_the_start_deletes_no_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RecordingFolder(RecordingSettings(folder=str(tmp_path)))
    for number, now in enumerate((1.7e9, 60.0, 1.7e9 - 3600, 1.7e9 + DAY)):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        name = name_of("turn", now, f"{number:08}")
        folder.add(Recording(id=name, kind="turn", time=now, seconds=0.1), bytes(3200))
    names = {recording.time for recording in folder.recordings()}
    assert {1.7e9, 1.7e9 - 3600, 1.7e9 + DAY} <= names


def test_the_time_of_the_start_follows_a_clock_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = {"wall": 60.0, "mono": 5.0}
    monkeypatch.setattr(snapshots, "time", lambda: clocks["wall"])
    monkeypatch.setattr(snapshots, "monotonic", lambda: clocks["mono"])
    snapshot = snapshots.Snapshot()
    clocks.update(wall=1.7e9, mono=65.0)
    assert snapshot.facts()["since"] == 1.7e9 - 60.0


async def test_known_servers_of_another_time_are_searched_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    pairing = Pairing(PairingSettings(folder=str(tmp_path / "keys")))
    uri = "tcp://127.0.0.1:9"
    for now in (1.7e9, 60.0, 1.7e9 + WEEK + DAY):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        await KnownServers().remember("asr", [uri])
        async with asyncio.timeout(5):
            assert await KnownServers().answering("asr", pairing) == ()


def test_waiting_and_age_are_measured_by_the_monotonic_clock() -> None:
    """The wall clock is read for people, for files, and for alarms, and nowhere else."""
    root = Path(__file__).parents[2]
    wall = re.compile(
        r"\btime\.time\(\)|\bdatetime\.now\(|(?<![.\w])time\(\)|from time import time\b"
    )
    found = {
        path.relative_to(root).as_posix()
        for folder in ("satellite", "servers")
        for path in (root / folder).rglob("*.py")
        if wall.search(path.read_text(encoding="utf-8"))
    }
    assert found == {
        "satellite/cli/ask.py",  # the time that is asked for
        "satellite/cli/demo.py",  # the time that is asked for
        "satellite/cli/stats.py",  # days
        "satellite/cli/status.py",  # the age of an error
        "satellite/diagnostics/doctor/hardware.py",  # whether the clock is set
        "satellite/diagnostics/doctor/home_client.py",  # whether two clocks agree
        "satellite/diagnostics/doctor/report.py",  # when it was written
        "satellite/diagnostics/recordings/folder.py",  # days
        "satellite/diagnostics/stats/database.py",  # days
        "satellite/diagnostics/stats/routes.py",  # days
        "satellite/diagnostics/stats/snapshot.py",  # the time of the start, by today's clock
        "satellite/engines/known_servers.py",  # days
        "satellite/events.py",  # the time of an event, beside the monotonic one
        "satellite/homeassistant/client/weather.py",  # days
        "satellite/http/application.py",  # as in browsers
        "satellite/http/browsers.py",  # codes and log-ins, in a file that programs share
        "satellite/http/certificate.py",  # its validity
        "satellite/listening/utterance_builder.py",  # as in events
        "satellite/net/pairing/known_peers.py",  # when machines were paired
        "satellite/timers/wall_clock.py",
        "satellite/turns/satellite_context.py",  # the time that is asked for
        "servers/api/chat_completions.py",  # when an answer was made
        "servers/api/model_names.py",  # since when a model is served
        "servers/api/pooled_engines.py",  # the time that is asked for
        "servers/intents/skills/clock.py",  # the time that is asked for
        "servers/llm/chat/prompt.py",  # the time that is asked for
        "servers/models/local_files.py",  # when a model was copied
        "servers/models/pull.py",  # when a model was downloaded
    }


async def test_a_fast_clock_that_is_set_right_rings_no_alarm_twice() -> None:
    home = RunningTimers(Clocks("2026-11-20 06:59"))
    async with home.running():
        home.timers.set_alarm(7, days=range(7))
        home.clocks.pass_(120.0)
        await home.settle()
        home.timers.dismiss()
        home.clocks.wall -= 600.0
        await home.settle()
        for _ in range(12):
            home.clocks.pass_(300.0)
            await home.settle()
            assert not home.timers.ringing
        home.clocks.pass_(23 * 3600.0 + 600.0)
        await home.settle()
        assert home.timers.ringing
