"""The models of all engines: finds, downloads, checks and removes them."""

from __future__ import annotations

from servers.models.manifest import Installed
from servers.models.names import Name, parse
from servers.models.progress import NoProgress, Progress
from servers.models.retry import RetryPolicy
from servers.models.store import Store

__all__ = ["Installed", "Name", "NoProgress", "Progress", "RetryPolicy", "Store", "parse"]
