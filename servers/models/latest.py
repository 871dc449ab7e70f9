"""The model that was fetched last, for those who leave the choice to this machine."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from servers.models.store import Fingerprint, Store


def latest(kind: str) -> str | None:
    """The name of the whole model of a kind that came last; None where there is none.

    Quick as long as none comes or goes. Raises `ModelMissing` where the folder cannot be read.
    """
    store = Store()
    return _latest(store.root, kind, store.fingerprint())


@lru_cache(maxsize=8)
def _latest(root: Path, kind: str, _seen: Fingerprint) -> str | None:
    whole = [model for model in Store(root).installed() if model.kind == kind]
    return max(whole, key=lambda model: (model.when, model.name)).name if whole else None
