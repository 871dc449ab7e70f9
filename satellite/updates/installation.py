"""How this program was installed, and whether it can replace itself."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

import msgspec

from satellite.requirements import DISTRIBUTION, install_command, installed_by_script

CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")
"""Files by which Docker and Podman mark their containers."""


class Installation(msgspec.Struct, frozen=True):
    """A Python environment with this program in it."""

    python: Path
    """Its interpreter."""
    packages: Path
    """Its folder of packages."""
    scripts: Path
    """Its folder of commands."""
    isolated: bool
    """Whether it is a virtual environment."""
    marks: tuple[str, ...] = CONTAINER_MARKS
    environment: Mapping[str, str] = msgspec.field(default_factory=lambda: os.environ)

    @classmethod
    def own(cls) -> Installation:
        """Return the environment in which this program runs."""
        return cls(
            python=Path(sys.executable),
            packages=Path(sysconfig.get_path("purelib")),
            scripts=Path(sysconfig.get_path("scripts")),
            isolated=sys.prefix != sys.base_prefix,
        )

    def version_of(self, name: str) -> str | None:
        """Return the version of an installed package; None if it is not installed. Reads files."""
        found = self._find(name)
        return found.version if found else None

    @property
    def version(self) -> str:
        """The installed version of this program; empty if it is not installed. Reads files."""
        return self.version_of(DISTRIBUTION) or ""

    def obstacle(self) -> str | None:
        """Return why this program cannot replace itself, and what to do; None if it can.

        Reads files.
        """
        if any(Path(mark).exists() for mark in self.marks) or self.environment.get(
            "KUBERNETES_SERVICE_HOST"
        ):
            return (
                "it runs in a container: pull or build a newer image and create the container again"
            )
        if not self.isolated:
            return (
                "it is not in a virtual environment of its own: update it by what installed it, "
                "such as apt upgrade"
            )
        own = self._find(DISTRIBUTION)
        if own is None or self._installer(own) != "pip" or installed_by_script():
            return f"it was not installed by pip alone: run {install_command(upgrade=True)}"
        if own.read_text("direct_url.json") is not None:
            return (
                "it was installed from a file or a checkout, not from an index: run "
                f"{install_command(upgrade=True)}"
            )
        for folder in (self.packages, self.scripts):
            if not os.access(folder, os.W_OK):
                return (
                    f"its user may not write {folder}: as the owner of that folder, run "
                    f"{self.python} -m satellite update"
                )
        return None

    def extras(self) -> tuple[str, ...]:
        """Return the extras whose packages are all installed, which pip does not record.

        Reads files.
        """
        own = self._find(DISTRIBUTION)
        offered = own.metadata.get_all("Provides-Extra") if own else None
        return tuple(sorted(extra for extra in offered or () if self._has(extra)))

    def _has(self, extra: str) -> bool:
        needed = list(self._needed(extra))
        return bool(needed) and all(self._find(name) for name in needed)

    def _needed(self, extra: str, seen: frozenset[str] = frozenset()) -> Iterator[str]:
        """Yield the packages that an extra adds on this system, by other extras of ours, too."""
        from packaging.requirements import Requirement  # 20 ms, which only updates need
        from packaging.utils import canonicalize_name

        own = self._find(DISTRIBUTION)
        for text in (own.requires if own else None) or ():
            need = Requirement(text)
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                continue
            if not need.marker.evaluate({"extra": extra}):
                continue
            if canonicalize_name(need.name) != DISTRIBUTION:
                yield need.name
            for inner in need.extras - seen - {extra}:
                if canonicalize_name(need.name) == DISTRIBUTION:
                    yield from self._needed(inner, seen | {extra})

    def _find(self, name: str) -> metadata.Distribution | None:
        found = metadata.distributions(name=name, path=[str(self.packages)])
        return next(iter(found), None)

    @staticmethod
    def _installer(distribution: metadata.Distribution) -> str:
        return (distribution.read_text("INSTALLER") or "").strip()
