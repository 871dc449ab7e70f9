"""What is missing is told with how this installation gets it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from satellite.requirements import Package


def test_an_extra_comes_by_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    missing = Package("no_such_module", extra="gpio").missing()
    assert missing is not None
    assert missing.endswith(": pip install 'satellite[gpio]'")


def test_what_the_installer_installed_it_also_extends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    record = tmp_path / ".installed"
    record.touch()
    said = []
    for uid in (0, 1000):
        if os.geteuid() == 0:
            os.chown(record, uid, 0)
        elif uid == 0:
            continue
        said.append(str(Package("no_such_module", extra="gpio").missing()).partition(": ")[2])
    assert said[-1] == "deploy/install.sh --user --extras gpio"
    assert said[0] in ("sudo deploy/install.sh --extras gpio", said[-1])
    assert Package("os", extra="gpio").missing() is None
    other = Package("no_such_module").missing()
    assert other is not None
    assert other.endswith("pip install 'no_such_module'")
