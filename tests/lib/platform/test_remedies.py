from __future__ import annotations

import inspect
import sys

import pytest

from satellite.lib.platform import remedies

UNIX_ONLY = ("sudo ", "systemctl", "apt ", "timedatectl", "journalctl", "/dev/", "df -h", ": top")


@pytest.mark.parametrize("system", ["win32", "darwin", "linux"])
def test_each_system_gets_remedies_of_its_own(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", system)
    for name, remedy in inspect.getmembers(remedies, inspect.isfunction):
        if name.startswith("_"):
            continue
        text = remedy(*(10700 for _ in inspect.signature(remedy).parameters))
        assert text
        if system == "win32":
            assert not [word for word in UNIX_ONLY if word in text], text
