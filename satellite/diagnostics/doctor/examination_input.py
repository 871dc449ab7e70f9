"""What is examined: a machine, its configuration, and who looks on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from satellite.diagnostics.doctor.adverts import HeardAdvert, hear
from satellite.settings import Settings


class ModelStore(Protocol):
    """What the examination of models asks of the folder in which they lie."""

    root: Path

    def installed(self) -> Sequence[object]:
        """Every whole model; its text is its name."""

    def broken(self) -> Sequence[tuple[object, int, str]]:
        """What is no whole model: its name, its bytes, and `damaged` or `unfinished`."""

    def path(self, kind: str, name: str) -> Path | None:
        """The folder of a whole model."""


class Space(Protocol):
    """What `os.statvfs` tells of a file system, as far as it is looked at."""

    @property
    def f_frsize(self) -> int: ...
    @property
    def f_bavail(self) -> int: ...
    @property
    def f_files(self) -> int: ...
    @property
    def f_favail(self) -> int: ...
    @property
    def f_flag(self) -> int: ...


class ExaminationInput:
    """One examination. `root` is where the machine's own files are: /proc, /sys, /dev."""

    def __init__(
        self,
        settings: Settings,
        *,
        problems: Sequence[str] = (),
        origins: Mapping[str, str] | None = None,
        files: Sequence[Path] = (),
        store: Callable[[], ModelStore] | None = None,
        say: Callable[[str], None] = lambda text: None,
        seconds: float = 4.0,
        interfaces: Sequence[str] = (),
        root: Path = Path("/"),
        statvfs: Callable[[Path], Space] = os.statvfs,
    ) -> None:
        """`problems` of the configuration; `files` and `origins` of its values. `say` tells a
        person what to do now; `seconds` is how long the microphone is listened to; `interfaces`
        are the addresses on which services are looked for, all by default."""
        self.settings = settings
        self.problems = tuple(problems)
        self.origins = dict(origins or {})
        self.files = tuple(files)
        self.store = store
        self.say = say
        self.seconds = seconds
        self.interfaces = tuple(interfaces)
        self.root = root
        self.statvfs = statvfs
        self._sound = asyncio.Lock()
        self._hearing = asyncio.Lock()
        self._heard: tuple[HeardAdvert, ...] | None = None

    @asynccontextmanager
    async def sound_devices(self) -> AsyncGenerator[None, None]:
        """Microphone and speaker for one check alone: many devices can be opened only once."""
        async with self._sound:
            yield

    async def adverts(self) -> tuple[HeardAdvert, ...]:
        """What is announced on the LAN; listened for once. Raises `NoMulticast`."""
        async with self._hearing:
            if self._heard is None:
                self._heard = await hear(interfaces=self.interfaces)
            return self._heard

    def file(self, path: str) -> Path:
        """A file of the machine, such as `proc/meminfo`."""
        return self.root / path

    def text(self, path: str) -> str | None:
        """What stands in a file of the machine; None where it cannot be read."""
        try:
            return self.file(path).read_text(errors="replace").strip("\0\n ")
        except OSError:
            return None
