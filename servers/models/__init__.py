"""The models of all engines: found on this machine, fetched, checked, removed."""

from __future__ import annotations

from servers.models.manifest import Installed
from servers.models.names import Name, parse
from servers.models.patience import RetryPolicy
from servers.models.progress import Progress, Silent
from servers.models.store import Store

__all__ = ["Installed", "Name", "Progress", "RetryPolicy", "Silent", "Store", "parse"]
