from __future__ import annotations

import ctypes
import os
import signal

import pytest

from satellite.lib.platform import system
from satellite.lib.platform.processes import restore_signals


@pytest.mark.skipif(not system.is_linux(), reason="replaces a handler by Linux's C library")
def test_a_handler_that_a_library_has_replaced_is_installed_again() -> None:
    got: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: got.append(number))
    try:
        ignore = ctypes.c_void_p(1)
        ctypes.CDLL(None).signal(int(signal.SIGTERM), ignore)
        os.kill(os.getpid(), signal.SIGTERM)
        assert got == []
        restore_signals()
        os.kill(os.getpid(), signal.SIGTERM)
        assert got == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)
