"""What is missing is told with how this installation gets it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from satellite.requirements import DISTRIBUTION, Package, install_command, own_version

ABOUT = "Metadata-Version: 2.4\nName: {name}\nVersion: 3.2.1\n"
MIC = "[satellite.mic]\nwav = satellite.builtin.audio.wav:WavMic\n"


def install(
    place: Path, monkeypatch: pytest.MonkeyPatch, origin: object = None, name: str = DISTRIBUTION
) -> None:
    """Make this the only installation: its metadata in `place`, and where it came from."""
    about = place / f"{name.replace('-', '_')}-3.2.1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(ABOUT.format(name=name))
    (about / "entry_points.txt").write_text(MIC)
    if origin is not None:
        (about / "direct_url.json").write_text(json.dumps(origin))
    library = [p for p in sys.path if p.startswith(sys.base_prefix) and "-packages" not in p]
    monkeypatch.setattr(sys, "path", [str(place), *library])
    monkeypatch.setattr(sys, "prefix", str(place / "venv"))
    (place / "venv").mkdir()


def test_from_an_index_an_extra_comes_by_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch)
    missing = Package("no_such_module", extra="gpio").missing()
    assert missing is not None
    assert missing.endswith(': pip install "satellite-voice[gpio]"')
    assert install_command("gpio", "zh") == 'pip install "satellite-voice[gpio,zh]"'
    assert install_command(upgrade=True) == "pip install --upgrade satellite-voice"


@pytest.mark.parametrize(("editable", "flag"), [(True, "-e "), (False, "")])
def test_from_a_checkout_it_is_the_checkout_that_is_installed_again(
    editable: bool, flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = tmp_path / "my checkout"
    (checkout / ".git").mkdir(parents=True)
    info = {"editable": True} if editable else {}
    install(tmp_path / "env", monkeypatch, {"url": checkout.as_uri(), "dir_info": info})
    assert install_command("gpio") == f'pip install {flag}"{checkout}[gpio]"'
    upgrade = f'git -C "{checkout}" pull && pip install --upgrade {flag}"{checkout}"'
    assert install_command(upgrade=True) == upgrade
    monkeypatch.chdir(checkout)
    assert install_command("gpio") == f'pip install {flag}".[gpio]"'
    assert install_command(upgrade=True) == f"git pull && pip install --upgrade {flag}."
    monkeypatch.chdir(tmp_path)
    shutil.rmtree(checkout)  # as after an installation in a container
    assert install_command("gpio") == 'pip install "satellite-voice[gpio]"'


def test_an_environment_of_a_tool_is_left_to_the_tool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "satellite_voice-3.2.1-py3-none-any.whl"
    wheel.touch()
    install(tmp_path / "env", monkeypatch, {"url": wheel.as_uri(), "archive_info": {}})
    prefix = Path(sys.prefix)
    (prefix / "pipx_metadata.json").touch()
    assert install_command("gpio") == f'pipx runpip satellite-voice install "{wheel}[gpio]"'
    (prefix / "pipx_metadata.json").unlink()
    receipt = '[tool]\nrequirements = [{ name = "satellite-voice", extras = ["server"] }]\n'
    (prefix / "uv-receipt.toml").write_text(receipt)
    assert install_command("gpio") == f'uv tool install "{wheel}[gpio,server]"'


def test_an_environment_with_the_former_name_still_knows_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as that of a checkout that was pulled and not installed again."""
    install(tmp_path, monkeypatch, name="satellite")
    assert own_version() == "3.2.1"
    (tmp_path / "satellite-3.2.1.dist-info" / "entry_points.txt").unlink()
    with pytest.raises(PackageNotFoundError):  # it is the other project of that name
        own_version()


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
    assert other.endswith('pip install "no_such_module"')
