"""Where the official package `mcp` is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

VERSION = "2.3.0"


def python() -> str:
    """Return an interpreter that has the package; skip the test without one."""
    cache = os.environ.get("SATELLITE_TEST_CACHE") or Path(
        os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "satellite-tests"
    )
    place = Path(cache, f"mcp-{VERSION}")
    if not (place / "complete").exists():
        pytest.skip("the package mcp is not installed: tests/support/install_mcp.sh")
    return str(place / "bin" / "python")
