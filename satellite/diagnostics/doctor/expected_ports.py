"""The ports that this machine's satellite and servers want."""

from __future__ import annotations

import ipaddress

import msgspec

from satellite.errors import ConfigError
from satellite.net import uri
from satellite.net.uri import Tcp
from satellite.settings import Settings

_WHAT = {
    "asr": "speech-to-text (satellite --server)",
    "llm": "the brain (satellite --server)",
    "tts": "text-to-speech (satellite --server)",
    "wake": "wake words (satellite --server)",
}


class Wanted(msgspec.Struct, frozen=True):
    """A port, and what it is for."""

    role: str
    """`satellite`, or the role of a server."""
    host: str
    port: int
    what: str
    setting: str
    """What changes it."""


def wanted(settings: Settings) -> list[Wanted]:
    """The satellite's own port, and those of the roles that a server here would serve."""
    found = []
    if (own := satellite_port(settings)) is not None:
        what = "the satellite, for Home Assistant"
        found.append(Wanted("satellite", own.host, own.port, what, "homeassistant.listen"))
    for role in settings.server.roles:
        port = getattr(settings.server, f"{role}_port", 0)
        if port and not settings.server.uri:
            setting = f"server.{role}_port"
            found.append(Wanted(role, settings.server.host, port, _WHAT.get(role, role), setting))
    return found


def satellite_port(settings: Settings) -> Tcp | None:
    """Where the satellite listens for Home Assistant; None where it is switched off."""
    listen = settings.homeassistant.listen
    if not listen:
        return None
    try:
        address = uri.parse(listen)
    except ConfigError:
        return None  # told by the check of the configuration
    return address if isinstance(address, Tcp) else None


def only_here(host: str) -> bool:
    """Whether a host is this machine's loop, where nobody else reaches it."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
