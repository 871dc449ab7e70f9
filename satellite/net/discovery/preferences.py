"""The user's preferences: which servers to use first, which never, and which models."""

from __future__ import annotations

import ipaddress

import msgspec

from satellite.net import uri as uris
from satellite.net.discovery.remote_service import RemoteService
from satellite.settings import ServersSettings


class Preferences(msgspec.Struct, frozen=True):
    """Servers by name, host or address, and models and engines by name.

    A name is a server's own (`cellar asr`) or its machine's (`cellar`), whatever its case.
    """

    pin: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Names of DNS whose servers are looked for; see `satellite.net.discovery.names`."""

    @classmethod
    def from_settings(cls, settings: ServersSettings) -> Preferences:
        """Return the preferences in the settings."""
        return cls(settings.pin, settings.exclude, settings.models, settings.dns)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The pinned servers that are named by their URI, and so need no discovery."""
        return tuple(text for text in self.pin if "://" in text)

    def pinned(self, server: RemoteService) -> int:
        """Return the position of a server among the pinned ones, from 0; their number for any
        other."""
        return next((n for n, text in enumerate(self.pin) if _matches(text, server)), len(self.pin))

    def excludes(self, server: RemoteService) -> bool:
        """Return whether a server must never be used."""
        return any(_matches(text, server) for text in self.exclude)

    def model(self, server: RemoteService) -> str | None:
        """Return the first preferred model or engine that a server has, if any."""
        offered = {name.casefold() for name in (*server.models, *server.engines)}
        return next((text for text in self.models if text.casefold() in offered), None)


def _matches(text: str, server: RemoteService) -> bool:
    """Return whether a server is the one that a person has named.

    An address is compared with the server's address only, as any machine may announce it as its
    name. Of paired machines the name is certain: see `satellite.net.pairing.policy`.
    """
    wanted, name = text.casefold(), server.name.casefold()
    address = uris.parse(server.uri)
    if "://" in text:
        return wanted == server.uri.casefold()
    host = str(getattr(address, "host", "")).casefold()
    port = getattr(address, "port", None)
    if _is_address(wanted):
        return wanted in (host, f"{host}:{port}", f"[{host}]:{port}", f"[{host}]")
    machine = name
    for role in server.roles:
        machine = machine.partition(f" {role}")[0]
    return wanted in (name, machine, host)


def _is_address(text: str) -> bool:
    """Return whether a text is an IP address, possibly with a port or a scope."""
    if text.count(":") == 1:
        text = text.partition(":")[0]
    text = text.partition("]")[0].removeprefix("[").partition("%")[0]
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
