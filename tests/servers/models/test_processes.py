"""Several processes with one model; processes that are killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from satellite.errors import DownloadFailed
from servers.models import Store
from servers.models.lock import locked
from tests.servers.models.conftest import REPOSITORY, RecordedProgress
from tests.support import model_files
from tests.support.hub import BLOCK, Hub

SIZE = 2_000_000
SOON = 20.0
"""Seconds for a step of a process on a busy machine."""

_PULL = """
import sys
from pathlib import Path
from servers.models import NoProgress, Store
class Aloud(NoProgress):
    def report(self, text): print(text, flush=True)
print(Store(Path(sys.argv[1]), endpoint=sys.argv[2]).pull("whisper:base.en", Aloud()))
"""


@pytest.fixture(autouse=True)
def large(hub: Hub) -> None:
    hub.repositories[REPOSITORY] = model_files.whisper(size=SIZE)


def pulling(store: Store) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _PULL, str(store.root), store.endpoint]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def finish(process: subprocess.Popen[str]) -> list[str]:
    output, _ = process.communicate(timeout=SOON)
    assert process.returncode == 0, output
    return output.splitlines()


def test_of_two_processes_one_downloads_and_both_succeed(store: Store, hub: Hub) -> None:
    gate = threading.Event()
    hub.pace = lambda: hub.sent < SIZE // 2 or gate.wait(SOON)
    first = pulling(store)
    until(lambda: hub.sent >= SIZE // 2)
    second = pulling(store)
    assert second.stdout is not None
    assert "another process is downloading it; waiting" in second.stdout.readline()
    assert store.installed() == ()
    gate.set()
    folder = str(store.root / "whisper" / "base.en")
    assert finish(first) == [folder]
    assert finish(second) == [folder]
    assert hub.asked("model.bin") == [""]
    assert len(hub.asked("faster-whisper-base.en")) == 1
    assert store.verify("whisper", "base.en") == []


def test_a_killed_download_is_no_model_and_is_resumed(
    store: Store, hub: Hub, progress: RecordedProgress
) -> None:
    gate = threading.Event()
    hub.pace = lambda: hub.sent < SIZE // 2 or gate.wait(SOON)
    process = pulling(store)
    half = store.root / "whisper" / ".base.en.part" / "model.bin"
    until(lambda: half.exists() and half.stat().st_size > SIZE // 3)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=SOON)
    gate.set()
    here = half.stat().st_size
    assert store.path("whisper", "base.en") is None
    assert [state for _, _, state in store.broken()] == ["unfinished"]
    sent = hub.sent
    store.pull("whisper:base.en", progress)
    total = sum(record.bytes for record in store.installed())
    assert hub.asked("model.bin")[-1] == f"bytes={here}-"
    assert progress.here == progress.total == total
    # and the list of files, and what the hub still sent to the one that was dead
    assert hub.sent - sent <= total - here + 3 * BLOCK
    assert store.verify("whisper", "base.en") == []


def test_a_model_being_downloaded_is_not_removed(store: Store) -> None:
    folder = store.pull("whisper:base.en")
    with (
        locked(folder.parent / ".base.en.lock", "whisper:base.en", None),
        pytest.raises(DownloadFailed, match="another process is downloading it; try later"),
    ):
        store.remove("whisper", "base.en")
    assert folder.is_dir()


def test_an_exception_of_progress_ends_the_download_which_is_resumed_later(
    store: Store, hub: Hub
) -> None:
    class Stop(RecordedProgress):
        def advance(self, count: int) -> None:
            super().advance(count)
            if self.here > SIZE // 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.pull("whisper:base.en", Stop())
    assert [count > SIZE // 2 for _, count, _ in store.broken()] == [True]
    store.pull("whisper:base.en")
    assert hub.asked("model.bin")[-1].startswith("bytes=")


def test_a_folder_without_permission_is_reported(store: Store) -> None:
    """Root may write everywhere, so the child changes to an unprivileged user."""
    store.root.mkdir(mode=0o500)
    become = "import os, servers.models.pull\nif os.geteuid() == 0: os.setuid(65534)"
    command = [sys.executable, "-c", become + _PULL, str(store.root), store.endpoint]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SOON)
    line = done.stderr.splitlines()[-1]
    assert line.startswith("satellite.errors.DownloadFailed: whisper:base.en cannot be stored in")
    assert "Permission denied (see models.folder)" in line


def test_a_disk_that_fills_during_the_download_is_reported(store: Store, tmp_path: Path) -> None:
    """A limit on the size of files stands in for a full disk: the code takes the same path."""
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, -1)){_PULL}"
    command = [sys.executable, "-c", limited, str(store.root), store.endpoint]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SOON)
    assert "DownloadFailed: whisper:base.en cannot be stored in" in done.stderr
    assert store.installed() == ()
    store.pull("whisper:base.en")
    assert store.verify("whisper", "base.en") == []
