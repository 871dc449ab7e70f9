"""The process's standard error, redirected while a library writes to its descriptor."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager

_LOCK = threading.Lock()
"""Held while standard error is redirected: the descriptor is the process's, and two redirections at
once could not both be undone."""


@contextmanager
def captured_stderr() -> Generator[bytearray, None, None]:
    """Redirect standard error during this block; afterwards the yielded array has what was written.

    Other threads write there, too: write what is not suppressed to descriptor 2 afterwards. Waits
    while another block runs. The array stays empty if standard error is closed.
    """
    output = bytearray()
    with _LOCK, tempfile.TemporaryFile() as aside:
        try:
            stderr = os.dup(2)
        except OSError:  # closed, as in some daemons
            yield output
            return
        os.dup2(aside.fileno(), 2)
        try:
            yield output
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            aside.seek(0)
            output += aside.read()
