"""Updates by a real pip, from an index on this machine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from satellite.errors import UpdateFailed
from satellite.updates.installation import Installation
from satellite.updates.pip import Change, Pip, Release
from satellite.updates.updater import Updater, end_for_restart
from tests.updates.conftest import needs
from tests.updates.index import BROKEN, add_wheel

HERE = Installation(
    Path("python"), Path("none"), Path("none"), isolated=True, marks=(), environment={}
)
NEWER = Release("2.0", "https://example.org/changes")


def add_newer(index: Path, **more: str) -> None:
    add_wheel(index, "2.0", name="tiny_sound")
    add_wheel(index, "2.0", metadata=needs("2.0"), **more)


@pytest.mark.timeout(400)
async def test_the_newest_version_is_found_and_installed_with_its_extras(
    index: Path, installed: Installation
) -> None:
    updater = Updater(installed)
    add_newer(index)
    add_wheel(index, "3.0rc1")  # not for everybody
    assert await updater.check() == updater.newest == NEWER
    await updater.install("2.0")
    assert (installed.version, installed.version_of("tiny-sound")) == ("2.0", "2.0")
    assert installed.obstacle() is None  # also the next update is possible
    assert updater.installed == "1.0"  # which runs


@pytest.mark.timeout(400)
async def test_a_version_that_does_not_start_is_taken_back_with_what_it_needs(
    index: Path, installed: Installation
) -> None:
    updater = Updater(installed)
    add_newer(index, program=BROKEN)
    with pytest.raises(UpdateFailed, match=r"^version 2\.0 does not start; 1\.0 is installed as"):
        await updater.install("2.0")
    assert (installed.version, installed.version_of("tiny-sound")) == ("1.0", "1.0")
    assert installed.obstacle() is None


class Scripted(Pip):
    """A pip whose index has a version, and which does what a test wants."""

    def __init__(self, fails: str = "", hangs: bool = False) -> None:
        super().__init__(HERE)
        self._fails, self._hangs = fails, hangs
        self.put_down: list[str] = []

    def _fail(self, what: str) -> None:
        if self._fails == what:
            raise UpdateFailed(f"pip {what}: no")

    async def newest(self) -> Release | None:
        self._fail("newest")
        return NEWER

    async def changes(self, wanted: str) -> list[Change]:
        return [Change("satellite-voice", "1.0", "2.0"), Change("new", None, "1")]

    async def fetch(self, versions: Sequence[str], folder: Path) -> None:
        self._fail("fetch")

    async def put(self, versions: Sequence[str], folder: Path) -> None:
        self._fail("put")
        self.put_down.append(" ".join(versions))
        if self._hangs and len(self.put_down) == 1:
            await asyncio.Event().wait()

    async def starts(self, version: str) -> bool:
        return False


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Installation, "obstacle", lambda self: None)


@pytest.mark.usefixtures("here")
async def test_an_interrupted_installation_is_taken_back() -> None:
    pip = Scripted(hangs=True)
    installing = asyncio.ensure_future(Updater(HERE, pip).install("2.0"))
    while not pip.put_down:
        await asyncio.sleep(0)
    installing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await installing
    assert pip.put_down == ["satellite-voice==2.0 new==1", "satellite-voice==1.0"]


@pytest.mark.usefixtures("here")
async def test_without_a_way_back_nothing_changes() -> None:
    pip = Scripted(fails="fetch")
    with pytest.raises(UpdateFailed, match=r"^pip fetch: no$"):
        await Updater(HERE, pip).install("2.0")
    assert pip.put_down == []


@pytest.mark.usefixtures("here")
async def test_a_lost_way_back_names_the_command() -> None:
    with pytest.raises(UpdateFailed, match=r"going back failed.*pip install satellite-voice==1\.0"):
        await Updater(HERE, Scripted(fails="put")).install("2.0")


async def test_an_installation_with_an_obstacle_is_refused() -> None:
    with pytest.raises(UpdateFailed, match="cannot update itself: it was not installed by pip"):
        await Updater(HERE, Scripted()).install("2.0")


async def test_a_lost_index_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    updater = Updater(HERE, Scripted(fails="newest"))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(updater.run())
        updater.request_check()
        async with asyncio.timeout(20):
            while not caplog.records:
                await asyncio.sleep(0.001)
        running.cancel()
    assert caplog.messages == ["no newer version was looked for: pip newest: no"]
    assert updater.newest is None


class ScriptedUpdater(Updater):
    """Counts installations."""

    installs = 0

    async def install(self, version: str) -> None:
        assert self.installing
        self.installs += 1


async def requested(updater: ScriptedUpdater, done: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(updater.run())
        updater.request_install()
        async with asyncio.timeout(20):
            await done.wait()
        running.cancel()


async def test_it_restarts_when_the_satellite_is_quiet() -> None:
    busy, ended = [True, False], asyncio.Event()
    updater = ScriptedUpdater(HERE, Scripted(), busy=lambda: busy.pop(0), end=ended.set)
    await requested(updater, ended)
    assert (busy, updater.installs, updater.installing) == ([], 1, False)


@pytest.mark.parametrize("may_install", [False, True])
async def test_without_permission_or_a_service_manager_the_log_says_what_to_do(
    may_install: bool, caplog: pytest.LogCaptureFixture
) -> None:
    logged = asyncio.Event()

    class Watch(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logged.set()

    logger = logging.getLogger("satellite.updates.updater")
    watch = Watch(logging.WARNING)
    logger.addHandler(watch)
    try:
        updater = ScriptedUpdater(HERE, Scripted(), may_install=may_install)
        await requested(updater, logged)
    finally:
        logger.removeHandler(watch)
    assert updater.installs == may_install
    assert ("restart this satellite" if may_install else "updates.check = install") in caplog.text


def test_only_a_service_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INVOCATION_ID", raising=False)
    assert end_for_restart() is None
    monkeypatch.setenv("INVOCATION_ID", "0123")
    monkeypatch.setenv("SYSTEMD_EXEC_PID", "1")  # of the terminal in which it runs
    assert end_for_restart() is None
    monkeypatch.delenv("SYSTEMD_EXEC_PID")
    assert end_for_restart() is not None
