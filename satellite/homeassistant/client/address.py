"""The address of Home Assistant."""

from __future__ import annotations

from urllib.parse import urlsplit

from satellite.errors import ConfigError
from satellite.text.quoted import quoted


def parse(url: str) -> str:
    """Return an address without the slash at its end, such as http://homeassistant.local:8123.

    Raises `ConfigError` for a text that is no address of Home Assistant.
    """
    text = url.strip()
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError([f"{quoted(url)} is no address: {error}"]) from error
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigError([f"{quoted(url)} is no address such as http://homeassistant.local:8123"])
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            [f"the address of {host} must not hold a password: name a file with home.token_file"]
        )
    if parts.query or parts.fragment:
        raise ConfigError([f"{quoted(url)}: an address of Home Assistant has no ? and no #"])
    return text.rstrip("/")
