"""Fixtures of rooms and networks for whole programs."""

from __future__ import annotations

from tests.support.netns import namespace, namespaces
from tests.support.pulse import pulse

__all__ = ["namespace", "namespaces", "pulse"]
