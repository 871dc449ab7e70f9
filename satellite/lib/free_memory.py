"""Freed memory of this process, which the C library holds for later use."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Return freed memory to the system, which glibc does not do by itself.

    Takes milliseconds; some tens of them for much memory.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other C libraries have none
    if trim is not None:
        trim(0)
