"""The folders in which this user's programs store files.

systemd sets `STATE_DIRECTORY` for the service (systemd.exec(5)); elsewhere the folders are those of
the XDG specification or of the operating system. Keys and models do not follow `STATE_DIRECTORY`:
they are in the data folder on existing installations, where the service's home is its state
directory anyway (deploy/systemd).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import platformdirs

_NAME = "satellite"
_LONGEST_SLUG = 64
"""Characters of a name in a file name, of which file systems allow 255 bytes."""


def state_folder() -> Path:
    """Return the folder of what is remembered over a restart: settings of use, statistics."""
    return _service_folder() or Path(platformdirs.user_state_dir(_NAME))


def recordings_folder() -> Path:
    """Return the folder of recordings."""
    return (_service_folder() or data_folder()) / "recordings"


def data_folder() -> Path:
    """Return the folder of models and keys."""
    return Path(platformdirs.user_data_dir(_NAME))


def cache_folder() -> Path:
    """Return the folder of files that can be computed or downloaded again."""
    return Path(platformdirs.user_cache_dir(_NAME))


def config_folder() -> Path:
    """Return the folder of the user's own configuration."""
    return Path(platformdirs.user_config_dir(_NAME))


def named_after(prefix: str, satellite: str) -> str:
    """Return the file name, without a suffix, of what belongs to one satellite of a machine.

    It is the prefix alone for a satellite without a name.
    """
    slug = re.sub(r"[^\w-]+", "_", satellite)[:_LONGEST_SLUG]
    return f"{prefix}-{slug}" if slug else prefix


def _service_folder() -> Path | None:
    # systemd separates several folders by colons; the first one is meant
    first = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(first) if first else None
