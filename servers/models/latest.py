"""The model that was downloaded last of those that fit, which `auto` chooses."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from satellite.settings import ModelSettings
from servers.models.store import Fingerprint, Store


def latest(
    kind: str, settings: ModelSettings, fits: Callable[[str], bool] = lambda name: True
) -> str | None:
    """Return the name of the newest complete model of a kind that `fits`; None without one.

    Quick while no model is added or removed. Raises `ModelMissing` for an unreadable folder.
    """
    store = Store.for_settings(settings)
    newest_first = _by_age(store.root, kind, store.fingerprint())
    return next(filter(fits, newest_first), None)


@lru_cache(maxsize=8)
def _by_age(root: Path, kind: str, _fingerprint: Fingerprint) -> tuple[str, ...]:
    complete = [model for model in Store(root).installed() if model.kind == kind]
    complete.sort(key=lambda model: (model.when, model.name), reverse=True)
    return tuple(model.name for model in complete)
