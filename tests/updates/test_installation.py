"""How a program was installed, by what an installation leaves."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from satellite.updates.installation import Installation
from tests.updates.conftest import needs

INFO = "satellite_voice-1.0.dist-info"


@pytest.fixture
def made(tmp_path: Path) -> Installation:
    """An installation as pip makes it."""
    for name, metadata in ((INFO, needs("1.0")), ("tiny_sound-1.0.dist-info", "")):
        (tmp_path / name).mkdir()
        head = f"Metadata-Version: 2.1\nName: {name.split('-')[0]}\nVersion: 1.0\n"
        (tmp_path / name / "METADATA").write_text(head + metadata)
    (tmp_path / INFO / "INSTALLER").write_text("pip\n")
    return Installation(
        Path("/opt/python"), tmp_path, tmp_path, isolated=True, marks=(), environment={}
    )


def test_pip_in_an_environment_of_its_own_can(made: Installation) -> None:
    assert (made.version, made.obstacle(), made.extras()) == ("1.0", None, ("sound",))


def test_an_extra_of_extras_is_there_with_all_of_them(made: Installation) -> None:
    light = made.packages / "tiny_light-1.0.dist-info"
    light.mkdir()
    (light / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-light\nVersion: 1.0\n")
    assert made.extras() == ("all", "light", "sound")


def test_a_container_is_made_again(made: Installation) -> None:
    mark = made.packages / INFO / "METADATA"
    assert "pull" in (msgspec.structs.replace(made, marks=(str(mark),)).obstacle() or "")
    pod = msgspec.structs.replace(made, environment={"KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    assert "pull" in (pod.obstacle() or "")


def test_packages_of_the_system_are_not_ours(made: Installation) -> None:
    assert "apt" in (msgspec.structs.replace(made, isolated=False).obstacle() or "")


@pytest.mark.parametrize(
    ("file", "content"), [("INSTALLER", "uv\n"), ("direct_url.json", '{"url": "file:///src"}')]
)
def test_another_installer_is_named(made: Installation, file: str, content: str) -> None:
    (made.packages / INFO / file).write_text(content)
    assert ": run " in (made.obstacle() or "")


def test_a_missing_installation_is_named(made: Installation) -> None:
    empty = msgspec.structs.replace(made, packages=made.packages / "none")
    assert (empty.version, empty.extras()) == ("", ())
    assert "not installed by pip" in (empty.obstacle() or "")


def test_the_owner_is_asked(made: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)  # tests may run as root
    assert "/opt/python -m satellite update" in (made.obstacle() or "")
