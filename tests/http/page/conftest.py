"""The state folder of the tests of the page, where timers are stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.pulse import pulse

__all__ = ["pulse"]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a state folder of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path
