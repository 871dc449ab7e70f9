"""Commands called within the test process leave its logging and environment as they were."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No settings from outside, and the root logger as it was."""
    for name in [name for name in os.environ if name.startswith("SATELLITE_")]:
        monkeypatch.delenv(name)
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in ("httpx", "zeroconf"):
        logging.getLogger(name).setLevel(logging.NOTSET)
