"""Check that every package of an installation has a wheel.

    python -m tests.soak.wheels [EXTRA ...]      the base and all extras by default

uv resolves the base package, alone and with each extra, for x86-64 and aarch64 and for the Pythons
of Debian 12, Ubuntu 24.04 and Debian 13 on their glibc, from wheels only: a package without a wheel
for that machine fails. Markers are evaluated for that machine. Only metadata is downloaded. Needs
the program uv and the package index; exit code 3 without them, 1 if a wheel is missing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PYTHONS = {"3.11": 36, "3.12": 39, "3.13": 40}
"""Minor version of the glibc 2 of a distribution with this Python; Debian 13 has 41, and 40 is the
newest that uv knows."""
ARCHITECTURES = ("x86_64", "aarch64")
INDEX = "https://pypi.org/simple/pip/"
LONGEST = 900
"""Seconds for one resolution."""


def resolve(uv: str, python: str, architecture: str, extra: str) -> int:
    """Return the number of packages that would be installed. Raises `RuntimeError`."""
    command = [uv, "pip", "compile", "--quiet", "--only-binary", ":all:", "--no-header"]
    command += ["--python-platform", f"{architecture}-manylinux_2_{PYTHONS[python]}"]
    command += ["--python-version", python, "--no-annotate", str(ROOT / "pyproject.toml")]
    command += ["--extra", extra] if extra else []
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return len(done.stdout.splitlines())


def main(extras: list[str]) -> int:
    """Resolve all installations, and print the results."""
    uv = shutil.which("uv")
    if uv is None:
        print("skipped: the program uv is missing: pip install uv")
        return 3
    try:
        urllib.request.urlopen(INDEX, timeout=10).close()
    except urllib.error.HTTPError:
        pass  # it was reached
    except OSError as error:
        print(f"skipped: the package index cannot be reached ({error})")
        return 3
    missing = 0
    for extra in extras:
        for architecture in ARCHITECTURES:
            for python in PYTHONS:
                what = f"satellite{f'[{extra}]' if extra else ''}, Python {python}, {architecture}"
                try:
                    print(f"{what}: {resolve(uv, python, architecture, extra)} wheels", flush=True)
                except RuntimeError as error:
                    missing += 1
                    print(f"{what}: MISSING\n{error}", flush=True)
    return 1 if missing else 0


def all_extras() -> list[str]:
    """Return the extras of the project, after the base package; without those of developers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return ["", *(name for name in project["optional-dependencies"] if name != "dev")]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or all_extras()))
