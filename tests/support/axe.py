"""axe-core, which checks the accessibility of pages: `python -m tests.support.axe` fetches it.

It is published on npm (MPL-2.0), pinned by its SHA-256, and not shipped with Satellite.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "axe-core@4.14.1"
SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
"""Of package/axe.min.js."""


def _file() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "satellite-tests" / f"{PACKAGE}.min.js"


def axe() -> str:
    """Return the script; skip the test with the command that fetches it."""
    import pytest  # which is not there yet when the script is fetched

    if not (file := _file()).exists():
        pytest.skip("axe-core is not here: python -m tests.support.axe fetches it")
    return file.read_text(encoding="utf-8")


def fetch() -> None:
    """Fetch the script with npm. Raises `SystemExit` where that fails."""
    file = _file()
    if file.exists():
        return
    if (npm := shutil.which("npm")) is None:
        raise SystemExit("npm is not installed")
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            [npm, "pack", "--silent", PACKAGE], cwd=folder, capture_output=True, text=True
        )
        if packed.returncode:
            raise SystemExit(packed.stderr.strip()[-300:])
        with tarfile.open(Path(folder) / packed.stdout.strip()) as archive:
            member = archive.extractfile("package/axe.min.js")
            assert member is not None
            content = member.read()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise SystemExit(f"{PACKAGE} is not what it was: its SHA-256 differs")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


if __name__ == "__main__":
    sys.exit(fetch())
