"""Examinations see no settings and no secrets of the person who runs the tests."""

from __future__ import annotations

import os

import pytest

from tests.support.pulse import pulse

__all__ = ["pulse"]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SATELLITE_")]:
        monkeypatch.delenv(name)
