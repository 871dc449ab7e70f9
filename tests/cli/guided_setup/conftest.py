"""The setup sees no settings and no secrets of the person who runs the tests."""

from __future__ import annotations

import os

import pytest

from tests.support.netns import namespaces
from tests.support.pulse import pulse

__all__ = ["namespaces", "pulse"]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SATELLITE_")]:
        monkeypatch.delenv(name)
