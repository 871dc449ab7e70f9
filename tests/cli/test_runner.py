"""The end of a run: clean on a signal, at once on a second one, and always in bounded time."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest

from satellite.cli import runner

_HEAD = """
import asyncio, sys, time
from satellite.cli import runner
def say(word): print(word, flush=True)
"""

_LISTENS = """
async def main(bus):
    try:
        say("ready")
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.01)
        say("stopped")
"""

_DAWDLES = """
async def main(bus):
    try:
        say("ready")
        await asyncio.Event().wait()
    finally:
        say("stopping")
        await asyncio.sleep(60)
"""

_BLOCKS = """
async def main(bus):
    say("ready")
    while True:
        time.sleep(0.01)
"""

_WORKS_ON = """
import concurrent.futures
async def main(bus):
    pool = concurrent.futures.ThreadPoolExecutor(1)
    pool.submit(time.sleep, 60)
    try:
        asyncio.get_running_loop().run_in_executor(None, pool.shutdown)
        say("ready")
        await asyncio.Event().wait()
    finally:
        print("stopped")
"""
"""As an engine whose model computes, or loads."""

_TIDIES = (
    """
import atexit
atexit.register(time.sleep, 60)
"""
    + _LISTENS
)
"""As an interpreter that tidies up on a busy machine."""


def start(main: str, call: str = "runner.run(main, lasting=True)") -> subprocess.Popen[str]:
    """A Python process that is in the middle of a run."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HEAD + main + call],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_lasting_command_cleanly(number: signal.Signals) -> None:
    process = start(_LISTENS)
    began = monotonic()
    process.send_signal(number)
    output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors) == (0, "stopped\n", "")
    assert monotonic() - began < 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_with_an_end_exits_with_the_signal(number: signal.Signals) -> None:
    process = start(_LISTENS, "runner.run(main)")
    process.send_signal(number)
    output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors) == (128 + number, "stopped\n", "")


@pytest.mark.parametrize("main", [_DAWDLES, _BLOCKS])
def test_a_second_signal_exits_at_once(main: str) -> None:
    process = start(main)
    process.send_signal(signal.SIGTERM)
    if main is _DAWDLES:
        assert process.stdout is not None
        assert process.stdout.readline() == "stopping\n"
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode in (128 + signal.SIGINT, 128 + signal.SIGTERM)


def test_a_command_that_hangs_is_ended_and_shown() -> None:
    process = start(_BLOCKS, "runner.STOP_LIMIT = 0.2; runner.run(main, lasting=True)")
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "in main" in errors


@pytest.mark.parametrize(("lasting", "code"), [(True, 0), (False, 128 + signal.SIGTERM)])
def test_a_thread_that_works_on_does_not_hold_up_a_stopped_command(
    lasting: bool, code: int
) -> None:
    process = start(_WORKS_ON, f"runner.LINGER = 0.2; runner.run(main, lasting={lasting})")
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors) == (code, "stopped\n", "")


def test_a_lasting_command_that_has_stopped_does_not_wait_for_the_interpreter() -> None:
    process = start(_TIDIES)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=10)
    assert (process.returncode, output, errors) == (0, "stopped\n", "")


def test_results_errors_and_handlers_are_left_as_they_were(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def fails(_bus: object) -> None:
        assert signal.getsignal(signal.SIGTERM) != before
        raise LookupError("x")

    with pytest.raises(LookupError):
        runner.run(fails)
    with pytest.raises(ExceptionGroup):
        runner.run(fails, events=str(tmp_path / "log"))
    assert signal.getsignal(signal.SIGTERM) is before
