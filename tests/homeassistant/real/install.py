"""The installed versions of Home Assistant and their start commands."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

OLD = "2024.3.3"
"""The last version for Python 3.11; it lacks Wyoming conversation and streamed speech."""
NEW = "2026.11.0"
VERSIONS = (OLD, NEW)

_INSIDE = "/opt/ha"
"""Path of the environment inside a separate Debian."""
_CONFIG = "/mnt"
"""Path of the configuration inside it."""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_ENTER = """
root=$1 folder=$2; shift 2
for part in proc sys dev; do mount --rbind "/$part" "$root/$part"; done
mount --bind "$folder" "$root{config}"
exec chroot "$root" "$@"
"""
"""Script that enters a Debian; its mounts exist only for the program and end with it."""


class Install(msgspec.Struct, frozen=True):
    """One installed version."""

    version: str
    folder: Path

    @property
    def own_debian(self) -> bool:
        """Whether the version has a Debian of its own and not only an environment."""
        return (self.folder / _INSIDE.lstrip("/")).exists()

    def command(self, config: Path) -> list[str]:
        """Return the start command for the configuration in a folder; it downloads nothing."""
        if not self.own_debian:
            python = str(self.folder / "bin" / "python")
            return [python, "-m", "homeassistant", "-c", str(config), "--skip-pip"]
        enter = _ENTER.format(config=_CONFIG)
        root = str(self.folder.resolve())
        return [
            *("unshare", "--mount", "sh", "-euc", enter, "sh", root, str(config)),
            *(f"{_INSIDE}/bin/python", "-m", "homeassistant", "-c", _CONFIG, "--skip-pip"),
        ]

    def environment(self) -> Mapping[str, str]:
        """Return the environment variables for the start."""
        unwanted = ("VIRTUAL_ENV", "PYTHON", "SATELLITE_", "XDG_")
        clean = {key: it for key, it in os.environ.items() if not key.startswith(unwanted)}
        return {**clean, "PATH": _PATH, "HOME": "/root"} if self.own_debian else clean


def need(version: str) -> Install:
    """Return an installed version; skip the test if it is missing or cannot run."""
    cache = os.environ.get("SATELLITE_TEST_CACHE") or Path(
        os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "satellite-tests"
    )
    homes = os.environ.get("SATELLITE_TEST_HOME_ASSISTANT") or Path(cache, "homeassistant")
    found = Install(version, Path(homes, version))
    if not (found.folder / "complete").exists():
        pytest.skip(
            f"Home Assistant {version} is not installed: tests/support/install_home_assistant.sh"
        )
    if found.own_debian and os.geteuid() != 0:
        pytest.skip(f"Home Assistant {version} is in a Debian of its own, which takes root")
    if not found.own_debian and shutil.which("ffmpeg") is None:
        pytest.skip(f"Home Assistant {version} needs ffmpeg here (Debian package ffmpeg)")
    return found
