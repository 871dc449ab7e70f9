"""The model that was downloaded last, which `auto` chooses."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from satellite.settings import ModelSettings
from servers.models.store import Fingerprint, Store


def latest(kind: str, settings: ModelSettings) -> str | None:
    """Return the name of the newest complete model of a kind; None where there is none.

    Quick while no model is added or removed. Raises `ModelMissing` for an unreadable folder.
    """
    store = Store.for_settings(settings)
    return _latest(store.root, kind, store.fingerprint())


@lru_cache(maxsize=8)
def _latest(root: Path, kind: str, _fingerprint: Fingerprint) -> str | None:
    complete = [model for model in Store(root).installed() if model.kind == kind]
    return max(complete, key=lambda model: (model.when, model.name)).name if complete else None
