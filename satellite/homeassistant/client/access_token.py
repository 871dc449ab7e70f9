"""The access token of Home Assistant: read from a file or the environment, and shown nowhere."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec

from satellite.errors import HomeRefused
from satellite.lib import text_files

_LOGGER = logging.getLogger(__name__)

VARIABLE = "SATELLITE_HOME_TOKEN"
"""The environment variable that may hold the token; no setting, so that no listing shows it."""

_HOW = "make a long-lived access token in Home Assistant (your profile, Security)"

_LONGEST = 4096
"""Characters. Home Assistant's tokens have about 180."""
_LARGEST = 4 * _LONGEST
"""Bytes of a token file that are read, in any encoding."""


class Token(msgspec.Struct, frozen=True):
    """A token and its source. Its text form does not contain the secret."""

    secret: str
    where: str

    def __repr__(self) -> str:
        return f"Token(from {self.where})"

    __str__ = __repr__

    @property
    def headers(self) -> dict[str, str]:
        """The HTTP headers that authorize a request."""
        return {"Authorization": f"Bearer {self.secret}"}


class TokenSource:
    """The file that is named, or else the environment."""

    def __init__(self, file: str, environment: Mapping[str, str] | None = None) -> None:
        """`file` may be empty; `environment` is that of the process by default."""
        self._path = Path(file).expanduser() if file else None
        self._environment = os.environ if environment is None else environment
        self._warned = False

    def read(self) -> Token:
        """Read the token from its source; blocks.

        Read it for each connection, so that a new token is used without a restart. Raises
        `HomeRefused` with a remedy.
        """
        if self._path is not None:
            where = f"the file {self._path}"
            text = self._content(self._path)
        else:
            text = self._environment.get(VARIABLE, "")
            where = f"the environment variable {VARIABLE}"
            if not text.strip():
                raise HomeRefused(
                    f"there is no token for Home Assistant: {_HOW}, put it into a file that only "
                    "this user can read, and name that with home.token_file; or set "
                    f"{VARIABLE}"
                )
        secret = text.strip()
        printable = secret.isascii() and secret.isprintable() and " " not in secret
        if not secret or len(secret) > _LONGEST or not printable:
            raise HomeRefused(f"{where} does not hold a token alone: {_HOW}, and put it there")
        return Token(secret, where)

    def _content(self, path: Path) -> str:
        try:
            with path.open("rb") as opened:
                mode = os.fstat(opened.fileno()).st_mode
                text = text_files.decode(opened.read(_LARGEST))
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise HomeRefused(
                f"the token file {path} cannot be read ({reason}): {_HOW}, and put it there"
            ) from error
        if stat.S_IMODE(mode) & 0o077 and not self._warned:
            self._warned = True
            _LOGGER.warning("others can read the token file %s: chmod 600 %s", path, path)
        return text
