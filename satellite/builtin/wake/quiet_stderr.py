"""Suppresses the line that XNNPACK writes to standard error."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

from satellite.lib.stderr import captured_stderr

_GREETING = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"


@contextmanager
def quiet_stderr() -> Generator[None, None, None]:
    """Suppress XNNPACK's line in this block; other output follows after it.

    The C library writes the line to the descriptor and offers no way to turn it off.
    """
    output = bytearray()
    try:
        with captured_stderr() as output:
            yield
    finally:
        if rest := output.replace(_GREETING, b""):
            os.write(2, rest)
