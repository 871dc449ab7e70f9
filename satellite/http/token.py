"""The token of the HTTP API, from a file or the environment, and from nowhere else."""

from __future__ import annotations

import hmac
import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path

from satellite.errors import ConfigError
from satellite.lib import text_files
from satellite.lib.privileges import remedy
from satellite.settings import HttpSettings

VARIABLE = "SATELLITE_HTTP_TOKEN"
"""The environment variable that may hold the token; no setting, so that no listing shows it."""

SHORTEST = 16
"""Fewest characters: 64 bits even if they are hexadecimal."""
_LONGEST = 4096
_LARGEST = 4 * _LONGEST
"""Bytes of a token file that are read, in any encoding."""

_HOW = "`openssl rand -hex 32` makes one"


class Token:
    """A secret that requests must send. Its repr does not contain it."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return "Token(...)"

    @property
    def headers(self) -> dict[str, str]:
        """The headers that a request must send."""
        return {"Authorization": f"Bearer {self._secret}"}

    def opens(self, authorization: str) -> bool:
        """Return whether an `Authorization` header holds the token, in constant time."""
        kind, _, shown = authorization.partition(" ")
        sent = shown.strip().encode("utf-8", "replace")
        return hmac.compare_digest(sent, self._secret.encode()) and kind.lower() == "bearer"


def read(settings: HttpSettings, environment: Mapping[str, str] | None = None) -> Token | None:
    """Return the token, or None if none is set. Blocks. Raises `ConfigError` for an unfit one."""
    if settings.token_file:
        where = f"the file {settings.token_file} (http.token_file)"
        path = Path(settings.token_file).expanduser()
        try:
            with path.open("rb") as file:
                text = text_files.decode(file.read(_LARGEST))
        except PermissionError as error:
            problem = f"{where} cannot be read: {error.strerror}; {remedy(path)}"
            raise ConfigError([problem]) from error
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise ConfigError([f"{where} cannot be read: {reason}"]) from error
    else:
        where = f"the environment variable {VARIABLE}"
        text = (os.environ if environment is None else environment).get(VARIABLE, "")
        if not text.strip():
            return None
    secret = text.strip()
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ConfigError([f"{where} does not hold a token alone: {_HOW}"])
    if not SHORTEST <= len(secret) <= _LONGEST:
        raise ConfigError([f"{where} holds a token of under {SHORTEST} characters: {_HOW}"])
    return Token(secret)


def check(settings: HttpSettings, token: Token | None) -> None:
    """Raise `ConfigError` if other machines could connect without a token."""
    if token is None and not is_here(settings.host):
        raise ConfigError(
            [
                f"http.host = {settings.host} lets other machines connect, which needs a "
                f"token: put one into a file that only satellite can read ({_HOW}), and name it "
                f"with http.token_file, or set {VARIABLE}"
            ]
        )


def is_here(host: str) -> bool:
    """Return whether a host is the loopback of this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
