"""What was known of a home, kept on disk, so that its names are understood while it is away."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from pathlib import Path

import msgspec

from satellite.homeassistant.client.entities import Contents

_LOGGER = logging.getLogger(__name__)


def read(url: str) -> Contents:
    """What was kept of the home at an address; nothing where there is none. Blocks."""
    try:
        return msgspec.msgpack.decode(_file(url).read_bytes(), type=Contents)
    except FileNotFoundError:
        return Contents()
    except (OSError, msgspec.MsgspecError) as error:
        _LOGGER.debug("what was kept of the home cannot be read: %s", error)
        return Contents()


def store(url: str, contents: Contents) -> None:
    """Keep what is known, readable for this user alone. Blocks."""
    file = _file(url)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # the temporary file is its owner's alone from the beginning
        with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as part:
            part.write(msgspec.msgpack.encode(contents))
        Path(part.name).replace(file)
    except OSError as error:
        _LOGGER.debug("what is known of the home is not kept: %s", error)


def _file(url: str) -> Path:
    import platformdirs

    digest = hashlib.sha256(url.encode()).hexdigest()[:16]
    return Path(platformdirs.user_cache_dir("satellite")) / "home" / f"{digest}.msgpack"
