"""Standard error that libraries write to, redirected."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from satellite.lib.stderr import captured_stderr


def test_what_is_written_is_captured(capfd: pytest.CaptureFixture[str]) -> None:
    with captured_stderr() as output:
        os.write(2, b"inside\n")
    os.write(2, b"after\n")
    assert bytes(output) == b"inside\n"
    assert capfd.readouterr().err == "after\n"


def test_an_exception_restores_it(capfd: pytest.CaptureFixture[str]) -> None:
    with suppress(ValueError), captured_stderr() as output:
        os.write(2, b"why\n")
        int("no number")
    os.write(2, b"after\n")
    assert bytes(output) == b"why\n"
    assert capfd.readouterr().err == "after\n"


def test_blocks_of_several_threads_are_all_undone(capfd: pytest.CaptureFixture[str]) -> None:
    def write(number: int) -> bytes:
        with captured_stderr() as output:
            os.write(2, b"%d" % number)
        return bytes(output)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(write, range(100))) == [b"%d" % number for number in range(100)]
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"
