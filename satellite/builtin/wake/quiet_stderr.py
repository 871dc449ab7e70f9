"""The line that XNNPACK writes about itself, kept off standard error."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager

_GREETING = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"

_STDERR = threading.Lock()
"""Held while standard error goes elsewhere: two that did so at once would not find back."""


@contextmanager
def quiet_stderr() -> Generator[None, None, None]:
    """Keep XNNPACK's line about itself off standard error; whatever else is written comes after.

    The C library writes it to the descriptor and offers no way to turn it off.
    """
    with _STDERR, tempfile.TemporaryFile() as aside:
        try:
            stderr = os.dup(2)
        except OSError:  # closed, as some daemons have it: nobody reads it
            yield
            return
        os.dup2(aside.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            aside.seek(0)
            if said := aside.read().replace(_GREETING, b""):
                os.write(2, said)
