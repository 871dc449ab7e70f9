"""A package index with tiny wheels that bear this program's name, and an environment of pip's."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

from satellite.updates.installation import Installation

NAME = "satellite_voice"
PROGRAM = 'print("{version}")\n'
BROKEN = "import no_such_module\n"


def add_wheel(
    folder: Path,
    version: str,
    program: str = PROGRAM,
    name: str = NAME,
    metadata: str = "",
) -> None:
    """Write a wheel into an index folder; the program is that of `python -m satellite`."""
    info = f"{name}-{version}.dist-info"
    module = "satellite" if name == NAME else name
    files = {
        f"{module}/__init__.py": "",
        f"{module}/__main__.py": program.format(version=version),
        f"{info}/METADATA": (
            f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: {version}\n{metadata}"
        ),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{info}/RECORD"
    lines = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        lines.append(f"{path},sha256={digest.decode()},{len(text.encode())}\n")
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        wheel.writestr(record, "".join(lines) + f"{record},,\n")


def make_environment(folder: Path) -> Installation:
    """Make a virtual environment with the pip of this one, by a link: it installs none."""
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=60
    )
    import pip

    packages = next(folder.glob("lib/python3*/site-packages"))
    (packages / "pip").symlink_to(Path(pip.__file__).parent)
    return Installation(
        python=folder / "bin" / "python",
        packages=packages,
        scripts=folder / "bin",
        isolated=True,
        marks=(),
        environment={},
    )


def lay_out(wheel: Path, installation: Installation) -> None:
    """Install a wheel as pip does, without waiting for pip."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installation.packages)
    name, version, *_ = wheel.name.split("-")
    info = installation.packages / f"{name}-{version}.dist-info"
    (info / "INSTALLER").write_text("pip\n")
