"""Notifications to systemd, at a real socket."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from satellite.diagnostics.health.systemd import Notifier


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """Open a service manager's socket; yield it and its name for the environment."""
    name = str(tmp_path / "notify")
    named = f"@{name}" if request.param == "abstract" else name
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0" + name if request.param == "abstract" else name)
        listening.setblocking(False)
        yield listening, named


def test_each_message_is_one_datagram(manager: tuple[socket.socket, str]) -> None:
    listening, named = manager
    notifier = Notifier({"NOTIFY_SOCKET": named})
    notifier.ready()
    notifier.status("listening")
    notifier.status("listening")
    notifier.alive()
    notifier.stopping()
    received = [listening.recv(100).decode() for _ in range(4)]
    assert received == ["READY=1", "STATUS=listening", "WATCHDOG=1", "STOPPING=1"]
    with pytest.raises(BlockingIOError):
        listening.recv(100)


def test_a_manager_that_does_not_read_delays_nothing(
    manager: tuple[socket.socket, str], caplog: pytest.LogCaptureFixture
) -> None:
    _, named = manager
    notifier = Notifier({"NOTIFY_SOCKET": named})
    caplog.set_level(logging.DEBUG)
    for _ in range(2000):
        notifier.alive()
    assert [record.levelname for record in caplog.records][:2] == ["WARNING", "DEBUG"]


def test_without_a_manager_nothing_is_sent_and_nothing_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    notifier = Notifier({"WATCHDOG_USEC": "1000000"})
    notifier.ready()
    assert (notifier.listens, notifier.watchdog, caplog.records) == (False, 0.0, [])


@pytest.mark.parametrize(
    ("variables", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
        ({}, 0.0),
    ],
)
def test_the_watchdog_counts_only_for_this_process(
    variables: dict[str, str], seconds: float
) -> None:
    assert Notifier({"NOTIFY_SOCKET": "/nowhere", **variables}).watchdog == seconds
