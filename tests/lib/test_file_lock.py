"""Programs that change one file wait for each other, for a while."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from satellite.lib import file_lock
from satellite.lib.file_lock import FileBusy, locked

SERVICE = 65534

HOLD = """
import sys
from pathlib import Path
from satellite.lib.file_lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def hold() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Return a function that has another process lock a file until its input ends."""
    holders: list[subprocess.Popen[str]] = []

    def started(file: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", HOLD, str(file)]
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        holders.append(holder)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        return holder

    yield started
    for holder in holders:
        holder.kill()
        holder.communicate()


def test_a_file_that_is_held_for_long_is_an_error_that_names_it(
    tmp_path: Path, hold: Callable[[Path], subprocess.Popen[str]]
) -> None:
    file = tmp_path / "deep" / "eggs.toml"
    holder = hold(file)
    with pytest.raises(FileBusy) as raised, locked(file, 0.1):
        pytest.fail("two programs hold it")
    assert f"{file} is being changed by another program" in str(raised.value)
    assert str(file.with_name(".eggs.toml.lock")) in str(raised.value)
    holder.kill()  # the kernel frees the lock
    holder.wait()
    with locked(file, 5.0):
        pass


async def test_threads_of_one_process_wait_for_each_other_too(tmp_path: Path) -> None:
    inside, most = 0, 0

    def change() -> None:
        nonlocal inside, most
        with locked(tmp_path / "eggs"):
            inside += 1
            most = max(most, inside)
            inside -= 1

    await asyncio.gather(*(asyncio.to_thread(change) for _ in range(20)))
    assert most == 1


def test_a_lock_file_that_was_replaced_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that waited for a file which was removed meanwhile locks the new one instead."""
    file, path = tmp_path / "eggs", tmp_path / ".eggs.lock"
    found: list[int] = []

    def replaced(descriptor: int, seconds: float) -> bool:
        found.append(os.fstat(descriptor).st_ino)
        if len(found) == 1:
            path.rename(tmp_path / "former")
        return True

    monkeypatch.setattr(file_lock, "lock", replaced)
    with locked(file):
        assert found == [(tmp_path / "former").stat().st_ino, path.stat().st_ino]


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / ".eggs.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"), locked(tmp_path / "eggs"):
        pytest.fail("it was followed")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be another user")
class TestOfRoot:
    """Root and the service's user change files of one folder, in any order."""

    @pytest.fixture
    def folder(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as folder:
            os.chown(folder, SERVICE, SERVICE)
            yield Path(folder)

    def test_the_service_locks_after_root(self, folder: Path) -> None:
        with locked(folder / "eggs"):
            pass
        os.seteuid(SERVICE)
        try:
            with locked(folder / "eggs", 0.1):
                pass
        finally:
            os.seteuid(0)
        assert (folder / ".eggs.lock").stat().st_uid == SERVICE

    def test_a_lock_that_root_left_does_not_stop_the_service(self, folder: Path) -> None:
        """As in a folder that root has copied."""
        (folder / ".eggs.lock").touch(0o600)
        os.seteuid(SERVICE)
        try:
            with locked(folder / "eggs", 0.1):
                pass
        finally:
            os.seteuid(0)
        with locked(folder / "eggs", 0.1):
            pass

    def test_a_file_that_others_have_linked_there_is_not_given_away(self, folder: Path) -> None:
        with tempfile.TemporaryDirectory() as other:
            secret = Path(other) / "secret"
            secret.touch(0o600)
            os.link(secret, folder / ".eggs.lock")
            with locked(folder / "eggs"):
                pass
            assert (secret.stat().st_uid, secret.stat().st_mode & 0o777) == (0, 0o600)
