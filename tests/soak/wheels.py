"""Check that every package of an installation has a wheel for a Raspberry Pi.

    python -m tests.soak.wheels [ARCHITECTURE…]      aarch64 by default

pip resolves the base package, alone and with each extra of the installer, for Python 3.11 and 3.13
on Debian's glibc, from wheels only: a package without a wheel for that machine fails. Only metadata
is downloaded. Needs the package index; exit code 3 if it is unreachable, 1 if a wheel is missing.
Markers are evaluated for this machine's architecture: the project's own dependencies have none that
distinguish architectures.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PYTHONS = {"3.11": 36, "3.13": 41}
"""Python of a Debian (bookworm, trixie) and the minor version of its glibc 2."""
OLDEST = 17
"""Minor version of the glibc of the oldest wheels in use: manylinux2014 (PEP 599)."""
EXTRAS = ("", "server", "gpio", "sound")
"""Installations of the installer; the first is the base package alone."""
INDEX = "https://pypi.org/simple/pip/"
LONGEST = 900
"""Seconds for one resolution."""


def requirements(extra: str) -> list[str]:
    """Return the requirements of the project, alone or with an extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed: list[str] = list(project["dependencies"])
    return needed + (project["optional-dependencies"][extra] if extra else [])


def resolve(python: str, architecture: str, needed: list[str]) -> list[str]:
    """Return the wheels that pip would install, as `name version file`. Raises `RuntimeError`."""
    glibc = range(PYTHONS[python], OLDEST - 1, -1)
    platforms = [f"manylinux_2_{minor}_{architecture}" for minor in glibc]
    platforms += [f"manylinux2014_{architecture}", f"linux_{architecture}"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed"]
        command += ["--only-binary=:all:", "--python-version", python, "--quiet"]
        command += ["--implementation", "cp", "--abi", f"cp{python.replace('.', '')}"]
        command += ["--abi", "abi3", "--abi", "none", "--target", folder, "--report", str(report)]
        command += [part for platform in platforms for part in ("--platform", platform)]
        done = subprocess.run([*command, *needed], capture_output=True, text=True, timeout=LONGEST)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        installed = json.loads(report.read_text())["install"]
    return [
        f"{one['metadata']['name']} {one['metadata']['version']} "
        + one["download_info"]["url"].rpartition("/")[2]
        for one in installed
    ]


def main(architectures: list[str]) -> int:
    """Resolve all installations, and print the results."""
    try:
        urllib.request.urlopen(INDEX, timeout=10).close()
    except urllib.error.HTTPError:
        pass  # it was reached
    except OSError as error:
        print(f"skipped: the package index cannot be reached ({error})")
        return 3
    missing = 0
    for architecture in architectures:
        for python in PYTHONS:
            for extra in EXTRAS:
                what = f"satellite{f'[{extra}]' if extra else ''}, Python {python}, {architecture}"
                try:
                    wheels = resolve(python, architecture, requirements(extra))
                except RuntimeError as error:
                    missing += 1
                    print(f"{what}: MISSING\n{error}")
                else:
                    own = sum(architecture in wheel for wheel in wheels)
                    print(f"{what}: {len(wheels)} wheels, {own} of them for this architecture")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["aarch64"]))
