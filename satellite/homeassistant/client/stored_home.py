"""The contents of a home, stored on disk, so that its names are known while it is unreachable."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import msgspec

from satellite.homeassistant.client.entities import Contents
from satellite.lib import paths
from satellite.lib.persistence import atomic_write

_LOGGER = logging.getLogger(__name__)


def read(url: str) -> Contents:
    """Return the stored contents of the home at an address; empty if there are none. Blocks."""
    try:
        return msgspec.msgpack.decode(_file(url).read_bytes(), type=Contents)
    except FileNotFoundError:
        return Contents()
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        _LOGGER.debug("the stored home cannot be read, and is not used: %s", error)
        return Contents()


def store(url: str, contents: Contents) -> None:
    """Store the contents of a home, readable by this user alone. Blocks."""
    try:
        atomic_write(_file(url), msgspec.msgpack.encode(contents))
    except OSError as error:
        _LOGGER.debug("the home cannot be stored: %s", error)


def _file(url: str) -> Path:
    digest = hashlib.sha256(url.encode()).hexdigest()[:16]
    return paths.cache_folder() / "home" / f"{digest}.msgpack"
