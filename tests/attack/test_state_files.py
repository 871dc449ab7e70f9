"""Stored files, whatever they hold: the program starts, uses what can be used, and keeps the rest.

Every file that the program stores and reads again is in the tables below; the last test fails for
one that is not.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satellite.audio.ducking.ducker import DuckedStream, ducked_store
from satellite.audio.echo.canceller import EchoCanceller
from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.audio.echo.stored_path import StoredPath, stored_path
from satellite.audio.voice_clips import Clips, ClipStore, StoredClip
from satellite.builtin.wake.learned_voices import (
    REACH,
    LearnedVoice,
    LearnedVoices,
    check_of,
    voices_store,
)
from satellite.builtin.wake.reviewed import Answer, Before, Reviewed, reviewed_store
from satellite.diagnostics.recordings.folder import RecordingFolder
from satellite.diagnostics.stats import database
from satellite.diagnostics.stats.collector import TurnRow
from satellite.diagnostics.stats.summary import summary
from satellite.engines.known_servers import KnownServer, KnownServers
from satellite.errors import ConfigError, SatelliteError
from satellite.homeassistant.client import stored_home
from satellite.homeassistant.client.entities import Contents, Entity
from satellite.homeassistant.esphome.identity import Identity, StoredIdentity, identity_store
from satellite.homeassistant.esphome.wake_words import WakeWordChoice, choice_store
from satellite.http import token
from satellite.lib.persistence import ASIDE, LARGEST, StoredValue, usable_part
from satellite.listening.mute import Mute, mute_store
from satellite.listening.people.people_file import People, PeopleFile, Person
from satellite.net.pairing.errors import KeysUnusable
from satellite.net.pairing.identity import read_identity
from satellite.net.pairing.key_store import KeyStore
from satellite.net.pairing.known_peers import KnownPeers
from satellite.settings import HttpSettings, RecordingSettings
from satellite.timers import TimerManager, timer_store
from satellite.timers.alarm import Alarm
from satellite.timers.schedule import LONGEST, MOST, Schedule, Timer
from satellite.timers.wall_clock import ClockReading
from satellite.values import EngineInfo, ModelInfo
from servers.models import manifest
from tests.support.ring_words import english_rings

REPOSITORY = Path(__file__).parents[2]

STORES = {
    "satellite/audio/ducking/ducker.py",
    "satellite/audio/echo/stored_path.py",
    "satellite/audio/voice_clips.py",
    "satellite/builtin/wake/learned_voices.py",
    "satellite/builtin/wake/reviewed.py",
    "satellite/engines/known_servers.py",
    "satellite/homeassistant/esphome/identity.py",
    "satellite/homeassistant/esphome/wake_words.py",
    "satellite/http/page/house.py",  # timers of browsers, as those of a satellite
    "satellite/listening/mute.py",
    "satellite/listening/people/people_file.py",
    "satellite/timers/__init__.py",
}
"""Modules with a `StoredValue`."""

FILES = {
    "satellite/audio/voice_clips.py",  # sound, judged like that of the person: tests/audio
    "satellite/diagnostics/recordings/folder.py",
    "satellite/diagnostics/soundcheck/read_aloud.py",  # cached speech: tests/diagnostics
    "satellite/homeassistant/client/stored_home.py",
    "satellite/net/pairing/key_store.py",
    "servers/asr/sphinx/vocabulary.py",  # tests/servers/asr/sphinx
    "servers/models/manifest.py",
    "servers/models/sherpa_trial.py",  # empty marks
    "satellite/config/files.py",  # the settings, which a person writes: tests/config
    "satellite/lib/persistence.py",
}
"""Other modules that store files."""

ALARM = Alarm(id="wake", hour=6, minute=30, days=(0, 1, 2, 3, 4), last=1.7e9, name="work")
TIMER = Timer(id="egg", total=300.0, due=1000.0, name="egg", text="the eggs are ready")
PEOPLE = People("network.onnx", "0" * 64, (Person("Anna", ((0.5,) * 8,)),))
WAKE_VOICE = LearnedVoice("Anna", "okay_nabu", (bytes(3072),), bytes(192), 3)
WAKE_REVIEW = Reviewed({"okay nabu": -1}, ("a", "b"), Before({"alexa": 2}, ("a",)))
WAKE_INFO = EngineInfo(name="wake", models=(ModelInfo(name="okay_nabu"),))
IDENTITY = StoredIdentity("02aabbccddee", "A" * 43 + "=", "esphome")
MOMENT = ClockReading(1.7e9, 900.0, "boot")
SCHEDULE = Schedule(moment=MOMENT, timers=(TIMER,), alarms=(ALARM,))


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Store all state below a folder of the test."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def stores() -> dict[str, tuple[StoredValue[Any], Any]]:
    """Return every stored value, with one that it may have."""
    stream = DuckedStream(id=1, program="player", memory="m", before=(32768, 32768), level=0.2)
    server = KnownServer("asr", "tcp://10.0.0.5:10300", 1.7e9)
    return {
        "timers": (timer_store("room"), SCHEDULE),
        "mute": (mute_store("room"), True),
        "ducked": (ducked_store(), (stream,)),
        "servers": (StoredValue("known-servers", tuple[KnownServer, ...], ()), (server,)),
        "echo": (stored_path("room"), StoredPath(b"\0\0\x80\x3f" * 8, 1e-5)),
        "people": (StoredValue.for_satellite("people", "room", People, People()), PEOPLE),
        "voices": (StoredValue("voices", Clips, {}), {"anna": StoredClip("Good morning.", "en")}),
        "wake-voices": (voices_store("room"), LearnedVoices((WAKE_VOICE,))),
        "wake-review": (reviewed_store("room"), WAKE_REVIEW),
        "identity": (identity_store("room"), IDENTITY),
        "wake-words": (choice_store("room"), ("okay_nabu",)),
    }


def asides(store: StoredValue[Any]) -> list[Path]:
    """Return the copies of files that could not be used."""
    file = store.file
    return sorted(file.parent.glob(f"{file.name}.unusable-*"))


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([10**400, -(10**400), 1e300, -1e300, 1e18, 99, -1])
    | st.sampled_from(["", "not a date", "2026-02-30", "0001-01-01", "9999-12-31", "\x1b[31m"])
    | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4)
    ),
    max_leaves=12,
)


def replaced(value: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    """Return a decoded value in which one part, at some depth, is another."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: replaced(value[key], draw)}
    if isinstance(value, list) and value and draw(st.booleans()):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], replaced(value[place], draw), *value[place + 1 :]]
    return draw(json_values)


@st.composite
def contents(draw: Callable[[st.SearchStrategy[Any]], Any], usual: Any) -> bytes:
    """Return what may stand in a file: bytes, any JSON, a changed or a cut off usual value."""
    kind = draw(st.sampled_from(["bytes", "json", "changed", "cut", "deep"]))
    whole = msgspec.json.encode(usual)
    if kind == "bytes":
        found: bytes = draw(st.binary(max_size=60))
        return found
    if kind == "cut":
        return bytes(whole[: draw(st.integers(0, len(whole)))])
    if kind == "deep":
        return bytes(whole[:-1] + b',"x":' + b"[" * draw(st.integers(1, 200_000)))
    value = draw(json_values) if kind == "json" else replaced(json.loads(whole), draw)
    return json.dumps(value).encode("utf-8", "replace")


@pytest.mark.parametrize("name", sorted(stores()))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_content_is_read_and_what_is_read_can_be_written(name: str, data: Any) -> None:
    store, usual = stores()[name]
    content = data.draw(contents(usual))
    store.file.parent.mkdir(parents=True, exist_ok=True)
    store.file.write_bytes(content)
    value = store.read()
    assert msgspec.convert(msgspec.to_builtins(value), store.kind) == value
    store.write(value)
    assert store.read() == value
    use(name, store)


def use(name: str, store: StoredValue[Any]) -> None:
    """Use a stored value as the program does."""
    use_as = USES.get(name)
    if use_as is not None:
        use_as(store)


def use_timers(store: StoredValue[Any]) -> None:
    for wall in (0.0, 1.7e9, 2e9):
        now = ClockReading(wall, 5.0, "other boot")
        manager = TimerManager(
            lambda event: None, silent, 1.0, english_rings, store, partial(reading, now)
        )
        assert len(manager.states()) + len(manager.alarms()) <= 2 * MOST
        asyncio.run(run_briefly(manager))


def use_mute(store: StoredValue[Any]) -> None:
    assert isinstance(Mute(lambda event: None, store).muted, bool)


def use_echo(store: StoredValue[Any]) -> None:
    EchoCanceller(PlaybackReference(), store).process(bytes(1024))


def use_people(_store: StoredValue[Any]) -> None:
    people = PeopleFile("room")
    people.add(PEOPLE.people[0], "other.onnx", people.read().sha256)
    people.remove("Anna")


def use_voices(store: StoredValue[Any]) -> None:
    clips = ClipStore(store.file.parent)
    assert set(clips.voices()) == set(store.read())


def use_wake_voices(store: StoredValue[Any]) -> None:
    check = check_of(store.read(), "okay_nabu")
    if check is not None:
        check.adjusted(0.5, np.zeros((REACH, 96), np.float32))


def use_wake_review(store: StoredValue[Any]) -> None:
    answer = Answer("c", "okay_nabu", near_miss=True, spoken=True)
    reviewed = store.read().after([answer])
    store.write(reviewed)
    assert store.read() == reviewed
    for state in (reviewed, reviewed.undone()):
        assert 0.25 <= state.threshold("okay_nabu", 0.5) <= 0.5**0.5


def use_identity(_store: StoredValue[Any]) -> None:
    identity = Identity("room")
    assert (len(identity.mac), len(identity.key)) in ((12, 0), (12, 32))
    identity.used("wyoming")


def use_wake_words(_store: StoredValue[Any]) -> None:
    WakeWordChoice("room", lambda: WAKE_INFO, frozenset)


def use_servers(_store: StoredValue[Any]) -> None:
    asyncio.run(KnownServers().remember("tts", ["tcp://10.0.0.6:10200"]))


USES: dict[str, Callable[[StoredValue[Any]], None]] = {
    "timers": use_timers,
    "mute": use_mute,
    "echo": use_echo,
    "people": use_people,
    "voices": use_voices,
    "wake-voices": use_wake_voices,
    "wake-review": use_wake_review,
    "identity": use_identity,
    "wake-words": use_wake_words,
    "servers": use_servers,
}


def reading(now: ClockReading) -> ClockReading:
    return now


async def silent(ring: Any) -> None:
    await asyncio.sleep(3600)


async def run_briefly(manager: TimerManager) -> None:
    running = asyncio.create_task(manager.run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not running.done(), running
    running.cancel()
    await asyncio.wait([running])


WRONG = [
    {"hour": 99},
    {"minute": -1},
    {"on": "not a date"},
    {"on": "9999-12-31"},
    {"last": 1e300},
    {"days": [9]},
    {"name": "n" * 1000},
    {"id": ""},
    {"hour": None},
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: next(iter(wrong)))
def test_one_wrong_alarm_takes_no_other_with_it(wrong: dict[str, Any]) -> None:
    store = timer_store("room")
    whole = json.loads(msgspec.json.encode(SCHEDULE))
    whole["alarms"].append({**whole["alarms"][0], "id": "other", **wrong})
    content = json.dumps(whole).encode()
    store.file.write_bytes(content)
    found = store.read()
    assert (found.timers, found.alarms[0]) == (SCHEDULE.timers, ALARM)
    manager = TimerManager(lambda event: None, silent, 1.0, english_rings, store, lambda: MOMENT)
    assert "wake" in [state.id for state in manager.alarms()]
    assert [file.read_bytes() for file in asides(store)] == [content]
    assert store.read() == found
    assert len(asides(store)) == 1, "the mended file is used as it is"


def test_an_alarm_keeps_its_time_when_its_name_is_too_long() -> None:
    store = timer_store("room")
    whole = json.loads(msgspec.json.encode(SCHEDULE))
    whole["alarms"][0]["name"] = "n" * 20_000
    store.file.write_bytes(json.dumps(whole).encode())
    assert store.read().alarms == (msgspec.structs.replace(ALARM, name=None),)


def test_an_alarm_without_a_day_is_dropped() -> None:
    store = timer_store("room")
    whole = json.loads(msgspec.json.encode(SCHEDULE))
    whole["alarms"][0]["days"] = [9]
    store.file.write_bytes(json.dumps(whole).encode())
    manager = TimerManager(lambda event: None, silent, 1.0, english_rings, store, lambda: MOMENT)
    manager.cancel_alarm()
    assert not manager.alarms()


def test_a_damaged_file_is_named_and_set_aside_a_few_times(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = timer_store("room")
    for number in range(ASIDE + 3):
        monkeypatch.setattr("time.strftime", lambda form, at, n=number: f"20260101-00000{n}")
        store.file.write_bytes(b"{damaged %d" % number)
        assert store.read() == Schedule()
    assert len(asides(store)) == ASIDE
    assert asides(store)[-1].read_bytes() == b"{damaged %d" % (ASIDE + 2)
    assert str(asides(store)[-1]) in caplog.text


async def test_the_longest_values_that_can_be_set_can_be_read() -> None:
    store = timer_store("room")
    manager = TimerManager(lambda event: None, silent, 1.0, english_rings, store)
    for number in range(MOST + 10):
        manager.start(LONGEST, "\x01" * 20_000, f"{number:064}", "\x01" * 2000)
        manager.set_alarm(7, days=(number % 7,), name="\U0001f514" * 20_000, text="\x01" * 2000)
    await run_briefly(manager)
    assert store.file.stat().st_size <= LARGEST
    again = TimerManager(lambda event: None, silent, 1.0, english_rings, store)
    assert (len(again.states()), len(again.alarms())) == (MOST, MOST)
    assert again.alarms() == manager.alarms()


def test_a_value_that_could_not_be_read_is_not_written(caplog: pytest.LogCaptureFixture) -> None:
    store = timer_store("room")
    store.write(SCHEDULE)
    for due in (float("inf"), 1e300):
        store.write(msgspec.structs.replace(SCHEDULE, timers=(Timer(id="x", total=1, due=due),)))
        assert "cannot be stored" in caplog.text
        assert store.read() == SCHEDULE


@pytest.mark.parametrize("seconds", [10**400, -(10**18), 1e308, float("nan"), LONGEST + 1, -1.0])
async def test_absurd_timers_of_peers_are_refused_or_ring_at_once(seconds: float) -> None:
    manager = TimerManager(lambda event: None, silent, 1.0, english_rings, timer_store("room"))
    manager.start(600.0, "egg", "egg")
    manager.start(seconds, "x", "x")
    manager.change("egg", seconds, active=True)
    manager.change("egg", seconds, active=False)
    for state in manager.states():
        assert 0 <= state.remaining <= LONGEST
    await run_briefly(manager)
    assert manager.states()[-1].id == "egg"
    again = TimerManager(lambda event: None, silent, 1.0, english_rings, timer_store("room"))
    assert [state.id for state in again.states()] == [state.id for state in manager.states()]


def test_parts_of_a_value_are_judged_one_by_one() -> None:
    kind = dict[str, tuple[int, ...]]
    assert usable_part({"a": [1, "x", 2], "b": 7}, kind) == {"a": (1, 2)}
    assert usable_part({"id": "x"}, Timer) is usable_part(7, Timer)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_other_files_with_any_content(data: Any, state: Path) -> None:
    home = Contents(entities=(Entity(id="light.a", names=("lamp",), room="r"),))
    packed = msgspec.msgpack.encode(home)
    deep = b"\x91" * 200_000
    content = data.draw(
        st.binary(max_size=80)
        | st.just(deep)
        | st.integers(0, len(packed)).map(lambda end: packed[:end] + b"\xc1")
        | contents([{"name": "x", "host": "h", "certificate": "c", "since": "s"}])
    )
    stored_home.store("http://home", home)
    (file,) = (state / "cache").rglob("*.msgpack")
    file.write_bytes(content)
    assert isinstance(stored_home.read("http://home"), Contents)

    keys = state / "keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    for name in ("paired.json", "key.pem"):
        (keys / name).write_bytes(content)
        (keys / name).chmod(0o600)
    for read in (KnownPeers(KeyStore(keys)).all, lambda: read_identity(KeyStore(keys))):
        with_errors(read, KeysUnusable)

    (state / "token").write_bytes(content)
    with_errors(lambda: token.read(HttpSettings(token_file=str(state / "token"))), ConfigError)

    folder = RecordingFolder(RecordingSettings(folder=str(state / "recordings")))
    folder.path.mkdir(exist_ok=True)
    (folder.path / "20260101-000000-turn-1.json").write_bytes(content)
    assert list(folder.recordings()) == []

    (state / manifest.FILE).write_bytes(content)
    assert manifest.read(state) is None


def with_errors(work: Callable[[], object], kind: type[SatelliteError]) -> None:
    """Do something that may raise one kind of error, and no other."""
    try:
        work()
    except kind:
        pass


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(5000)])
def test_a_damaged_database_is_replaced(content: bytes, state: Path) -> None:
    file = state / "stats.sqlite"
    file.write_bytes(content)
    made = database.Database(file)
    made.write([TurnRow(id="a", at=1e10)])
    made.close()
    assert [row.id for row in database.read(file)[0]] == ["a"]


def test_a_database_of_an_unknown_format_is_replaced(state: Path) -> None:
    file = state / "stats.sqlite"
    database.Database(file).close()
    content = bytearray(file.read_bytes())
    content[44:48] = (9).to_bytes(4, "big")  # schema format, https://sqlite.org/fileformat.html
    file.write_bytes(content)
    database.Database(file).close()
    assert file.with_name("stats.sqlite.broken").exists()
    assert database.read(file) == ([], [])


def test_a_database_is_replaced_whose_damage_is_no_text(state: Path) -> None:
    """SQLite quotes it in its message, which `sqlite3` cannot decode."""
    file = state / "stats.sqlite"
    database.Database(file).close()
    whole = file.read_bytes()
    damaged = whole.replace(b"happening", b"\xe7\xff\xfex\xe7\xffabc").replace(
        b"CREATE", b"CRE\xe7TE"
    )
    assert len(damaged) == len(whole)
    assert damaged != whole
    file.write_bytes(damaged)
    with pytest.raises(SatelliteError):
        database.read(file)
    database.Database(file).close()
    assert file.with_name("stats.sqlite.broken").exists()
    assert database.read(file) == ([], [])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.one_of(st.none(), st.integers(-(2**62), 2**62), st.floats(), st.text())))
def test_rows_of_wrong_types_are_left_out(values: list[Any], state: Path) -> None:
    file = state / "stats.sqlite"
    file.unlink(missing_ok=True)
    made = database.Database(file)
    columns = len(TurnRow.__struct_fields__)
    row = [*values, *[None] * columns][:columns]
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"insert into turn values ({', '.join('?' * columns)})", row)
        connection.execute("insert into happening values (?, ?, ?, ?)", row[:4])
    made.write([TurnRow(id="good", at=1.7e9, outcome="answered", answer=0.5)])
    made.close()
    turns, others = database.read(file)
    assert "good" in [turn.id for turn in turns]
    summary(turns, others)


def test_every_module_that_stores_a_file_is_tested_here() -> None:
    found: dict[str, set[str]] = {"StoredValue": set(), "atomic_write": set()}
    for root in ("satellite", "servers"):
        for path in (REPOSITORY / root).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            name = path.relative_to(REPOSITORY).as_posix()
            if (
                re.search(r"\bStoredValue(\.for_satellite)?\(", text)
                and "class StoredValue" not in text
            ):
                found["StoredValue"].add(name)
            if re.search(r"\batomic_write\(", text):
                found["atomic_write"].add(name)
    assert found == {"StoredValue": STORES, "atomic_write": FILES}
