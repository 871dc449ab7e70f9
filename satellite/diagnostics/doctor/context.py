"""The examined machine and its configuration, shared by all checks of one examination."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from satellite.lib.platform.files import FileSystem, file_system
from satellite.net.discovery.mdns import TYPE
from satellite.net.discovery.services import AdvertisedService, browse
from satellite.net.pairing import Pairing
from satellite.settings import Settings

LISTEN = 2.5
"""Seconds to listen: mDNS is answered within 0.12 s (RFC 6762, 6), and asked again after 1 s."""


class ModelStore(Protocol):
    """The folder of the models."""

    root: Path

    def installed(self) -> Sequence[object]:
        """Return every complete model; its text is its name."""

    def broken(self) -> Sequence[tuple[object, int, str]]:
        """Return the name, the bytes, and `damaged` or `unfinished`, of each incomplete model."""

    def path(self, kind: str, name: str) -> Path | None:
        """Return the folder of a complete model."""


@dataclass(kw_only=True)
class Context:
    """One examination."""

    settings: Settings = field(default_factory=Settings)
    problems: Sequence[str] = ()
    """Problems of the configuration."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """The origin of each setting, by its path."""
    files: Sequence[Path] = ()
    """Configuration files that were read."""
    store: Callable[[], ModelStore] | None = None
    say: Callable[[str], None] = lambda text: None
    """Shows a person what to do now."""
    seconds: float = 4.0
    """Seconds to record from the microphone."""
    interfaces: Sequence[str] = ()
    """Addresses of this machine on which to look for services; all by default."""
    root: Path = Path("/")
    """Folder of /proc, /sys and /dev."""
    file_system: Callable[[Path], FileSystem] = file_system
    _sound: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _browsing: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _adverts: tuple[AdvertisedService, ...] | None = field(default=None, init=False)

    @property
    def pairing(self) -> Pairing:
        """The pairing of this machine, by the settings."""
        return Pairing(self.settings.pairing)

    @asynccontextmanager
    async def sound_devices(self) -> AsyncGenerator[None, None]:
        """Reserve microphone and speaker for one check: many devices can be opened only once."""
        async with self._sound:
            yield

    async def adverts(self) -> tuple[AdvertisedService, ...]:
        """Return the Wyoming services announced on the LAN; looks once. Raises `NoMulticast`."""
        async with self._browsing:
            if self._adverts is None:
                self._adverts = await browse(TYPE, LISTEN, interfaces=self.interfaces)
            return self._adverts

    def text(self, path: str) -> str | None:
        """Return the text of a file such as `proc/meminfo`; None if it cannot be read."""
        try:
            return (self.root / path).read_text(errors="replace").strip("\0\n ")
        except OSError:
            return None
