"""Packages and plugins that are missing, outdated or broken."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from satellite.components import registry
from satellite.diagnostics.doctor import python
from satellite.diagnostics.doctor.context import Context
from satellite.errors import PluginBroken
from satellite.requirements import Package, Program, Requirement
from satellite.settings import Settings
from tests.diagnostics.doctor.findings import findings, of, only


async def test_this_python_is_ok() -> None:
    found = await findings(python.interpreter)
    assert [finding.state for finding in found] == ["ok", "ok"]


@pytest.mark.parametrize(
    ("version", "least", "outdated"),
    [("1.8", "1.10", True), ("1.10", "1.8", False), ("2.0.1", "", False), ("5", "5", False)],
)
async def test_versions_are_compared_as_numbers(
    monkeypatch: pytest.MonkeyPatch, version: str, least: str, outdated: bool
) -> None:
    monkeypatch.setattr(python, "needed", lambda: iter([python.Package("msgspec", least)]))
    monkeypatch.setattr(python, "MODULES", ())
    monkeypatch.setattr(metadata, "version", lambda name: version)
    (found,) = await findings(python.packages)
    assert found.state == ("broken" if outdated else "ok")


def test_the_needed_packages_leave_out_the_extras() -> None:
    versions = {package.name: package.least for package in python.needed()}
    assert {"msgspec", "wyoming", "zeroconf"} <= versions.keys()
    assert versions["wyoming"]
    assert "faster-whisper" not in versions


async def test_missing_and_outdated_packages_are_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needed = [python.Package("no-such-package", "1"), python.Package("msgspec", "99")]
    monkeypatch.setattr(python, "needed", lambda: iter(needed))
    monkeypatch.setattr(python, "MODULES", ("json",))
    missing, old = of("broken", await findings(python.packages))
    assert missing.found == "not installed, but >=1 is needed"
    assert old.about == "package msgspec"
    assert 'pip install "msgspec>=99"' in old.remedy


async def test_packages_that_cannot_be_imported_are_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "crashing.py").write_text("import os\nos.abort()\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(python, "needed", lambda: iter(()))
    monkeypatch.setattr(python, "MODULES", ("json", "crashing", "no_such_module"))
    crashed, absent = of("broken", await findings(python.packages))
    assert "ModuleNotFoundError" in absent.found
    assert (crashed.about, "crashed Python" in crashed.found) == ("package crashing", True)


class Planted:
    """A plugin as the registry finds it; `broken` is why it cannot be imported."""

    def __init__(
        self,
        role: str,
        name: str,
        distribution: str,
        requires: tuple[Requirement, ...] = (),
        broken: str = "",
    ) -> None:
        self.role, self.name, self.distribution = role, name, distribution
        self.requires = requires
        self._broken = broken

    def load(self) -> Planted:
        if self._broken:
            raise PluginBroken(self._broken)
        return self


async def test_a_chosen_plugin_that_cannot_be_used_is_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plugins = [
        Planted("mic", "alsa", "satellite", requires=(Program("no-such-recorder", "alsa-utils"),)),
        Planted("asr", "strange", "stranger", broken="cannot be imported: boom"),
        Planted("tts", "piper", "satellite", requires=(Package("no_such_piper"),)),
        Planted("vad", "energy", "satellite"),
    ]
    monkeypatch.setattr(registry, "installed", lambda: iter(plugins))
    found = await findings(python.plugins, Context(settings=Settings(mic="alsa:plughw:1,0")))
    lacking = "the program no-such-recorder is not installed: apt install alsa-utils"
    assert only("broken", found).found == lacking
    assert only("warning", found).remedy.endswith("pip uninstall stranger")
    assert "tts piper" in of("note", found)[0].found
    assert of("ok", found)[0].found == "1 can be used"
