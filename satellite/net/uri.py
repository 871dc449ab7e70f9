"""Addresses of Wyoming services: tcp://HOST:PORT, tls://HOST:PORT, unix://PATH and stdio://."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import msgspec

from satellite.errors import ConfigError
from satellite.text.quoted import quoted


class Tcp(msgspec.Struct, frozen=True):
    """A TCP port; an IPv6 `host` is written without brackets, perhaps with a scope (`%eth0`)."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self.port}"


class Tls(msgspec.Struct, frozen=True):
    """A TCP port with TLS for paired machines; one port serves all roles."""

    host: str
    port: int
    role: str = ""
    """The requested role, such as asr: the path of the URI."""

    def __str__(self) -> str:
        return str(Tcp(self.host, self.port)).replace("tcp:", "tls:") + (
            f"/{self.role}" if self.role else ""
        )


class Unix(msgspec.Struct, frozen=True):
    """A Unix socket."""

    path: str

    def __str__(self) -> str:
        return f"unix://{self.path}"


class Stdio(msgspec.Struct, frozen=True):
    """Standard input and output of this process."""

    def __str__(self) -> str:
        return "stdio://"


Address = Tcp | Tls | Unix | Stdio


def parse(uri: str) -> Address:
    """Parse a URI. Raises `ConfigError`, with the forms that are valid."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError as error:
        raise ConfigError([f"{quoted(uri)} is not an address: {error}"]) from error
    if "@" in parts.netloc and parts.scheme != "unix":
        raise ConfigError(
            [f"{quoted(uri)} is not an address: Wyoming has no users and passwords: remove them"]
        )
    if parts.scheme == "tcp" and parts.hostname and port is not None:
        return Tcp(parts.hostname, port)
    if parts.scheme == "tls" and parts.hostname and port is not None:
        return Tls(parts.hostname, port, parts.path.strip("/"))
    if parts.scheme == "unix" and (parts.netloc or parts.path):
        return Unix(unquote(parts.netloc + parts.path))
    if parts.scheme == "stdio":
        return Stdio()
    raise ConfigError(
        [
            f"{quoted(uri)} is not an address: tcp://HOST:PORT, tls://HOST:PORT, unix://PATH or stdio://"
        ]
    )


def for_role(uri: str, role: str) -> str:
    """Return the URI of a role: a `tls://` port serves all roles. Raises `ConfigError`."""
    address = parse(uri)
    if isinstance(address, Tls) and not address.role:
        return str(msgspec.structs.replace(address, role=role))
    return uri
