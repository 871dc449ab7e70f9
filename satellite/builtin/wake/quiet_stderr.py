"""Suppresses the line that XNNPACK writes to standard error."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager

_GREETING = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"

_STDERR = threading.Lock()
"""Held while standard error is redirected: the descriptor is the process's, and two redirections at
once could not both be undone."""


@contextmanager
def quiet_stderr() -> Generator[None, None, None]:
    """Suppress XNNPACK's line in this block; other output follows after it.

    The C library writes the line to the descriptor and offers no way to turn it off.
    """
    with _STDERR, tempfile.TemporaryFile() as aside:
        try:
            stderr = os.dup(2)
        except OSError:  # closed, as in some daemons
            yield
            return
        os.dup2(aside.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            aside.seek(0)
            if output := aside.read().replace(_GREETING, b""):
                os.write(2, output)
