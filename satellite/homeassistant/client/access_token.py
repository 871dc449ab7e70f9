"""The token that opens Home Assistant: from a file or from the environment, and nowhere else."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec

from satellite.errors import HomeRefused

_LOGGER = logging.getLogger(__name__)

VARIABLE = "SATELLITE_HOME_TOKEN"
"""The environment variable that may hold the token; no setting, so that no listing shows it."""

_HOW = "make a long-lived access token in Home Assistant (your profile, Security)"

_LONGEST = 4096
"""Characters. Home Assistant's tokens have about 180."""

_told: set[Path] = set()


class Token(msgspec.Struct, frozen=True):
    """A token, and where it came from. It never shows what it is."""

    secret: str
    where: str

    def __repr__(self) -> str:
        return f"Token(from {self.where})"

    __str__ = __repr__

    @property
    def headers(self) -> dict[str, str]:
        """What an HTTP request has to say."""
        return {"Authorization": f"Bearer {self.secret}"}


def read(file: str, environment: Mapping[str, str] | None = None) -> Token:
    """Read the token: of `file` where one is named, else of the environment. Blocks.

    It is read anew for each connection, so that another one holds without a restart. Raises
    `HomeRefused`, saying what to do.
    """
    if file:
        path = Path(file).expanduser()
        where = f"the file {path}"
        text = _content(path)
    else:
        text = (os.environ if environment is None else environment).get(VARIABLE, "")
        where = f"the environment variable {VARIABLE}"
        if not text.strip():
            raise HomeRefused(
                f"there is no token for Home Assistant: {_HOW}, put it into a file that only this "
                f"user can read, and name that with home.token_file; or set {VARIABLE}"
            )
    secret = text.strip()
    if not secret or len(secret) > _LONGEST or not secret.isascii() or not secret.isprintable():
        raise HomeRefused(f"{where} does not hold a token alone: {_HOW}, and put it there")
    if any(letter.isspace() for letter in secret):
        raise HomeRefused(f"{where} does not hold a token alone: {_HOW}, and put it there")
    return Token(secret, where)


def _content(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            text = opened.read(_LONGEST + 2)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise HomeRefused(
            f"the token file {path} cannot be read ({why}): {_HOW}, and put it there"
        ) from error
    if stat.S_IMODE(mode) & 0o077 and path not in _told:
        _told.add(path)
        _LOGGER.warning("others can read the token file %s: chmod 600 %s", path, path)
    return text
