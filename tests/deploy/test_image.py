"""The recipe for a Raspberry Pi's card; tests/soak/image_root.py runs its first boot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.lint import DEPLOY, run

PREPARE = DEPLOY / "image" / "prepare.sh"
CACHE = Path.home() / ".cache/satellite-tests/cloud-init"
SCHEMA = "usr/lib/python3/dist-packages/cloudinit/config/schemas/schema-cloud-config-v1.json"
NASTY = 'My "Room" \\w $(x) `y` # ä: '


@pytest.fixture
def boot(tmp_path: Path) -> Path:
    """A first partition of Raspberry Pi OS."""
    folder = tmp_path / "bootfs"
    folder.mkdir()
    for name in ("config.txt", "cmdline.txt"):
        (folder / name).touch()
    return folder


def prepare(*arguments: str | Path, code: int = 0) -> str:
    done = subprocess.run(
        ["sh", PREPARE, *arguments], capture_output=True, text=True, timeout=60, cwd="/"
    )
    assert done.returncode == code, done.stdout + done.stderr
    return (done.stdout + done.stderr).strip()


def prepared(boot: Path, tmp_path: Path) -> dict[str, Any]:
    """Prepare a card with every option; return the user data."""
    (tmp_path / "key.pub").write_text("ssh-ed25519 AAAA anna@home\n")
    (tmp_path / "password").write_text(f"{NASTY}\n")
    (tmp_path / "more.toml").write_text('name = "other"\nmic = "alsa:plughw:1,0"\n')
    prepare(
        *(boot, "--name", "kitchen", "--area", NASTY, "--language", "de", "--user", "anna"),
        *("--ssh-key", tmp_path / "key.pub", "--wifi", NASTY, "--country", "DE"),
        *("--wifi-password", tmp_path / "password", "--settings", tmp_path / "more.toml"),
    )
    data: dict[str, Any] = yaml.safe_load((boot / "user-data").read_text())
    return data


def test_the_scripts_are_plain_shell() -> None:
    for file in sorted(PREPARE.parent.glob("*.sh")):
        run("shellcheck", "--shell=sh", file)
        assert os.access(file, os.X_OK)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--name needs lower case"),
        (("--name", "Kitchen!"), "--name needs lower case"),
        (("--name", "kitchen", "--user", "anna"), "--user needs --ssh-key"),
        (("--name", "kitchen", "--wifi", "home"), "--wifi needs --wifi-password"),
        (("--nmae", "kitchen"), "unknown option: --nmae"),
    ],
)
def test_what_would_not_boot_is_refused(boot: Path, arguments: tuple[str, ...], said: str) -> None:
    assert said in prepare(boot, *arguments, code=1)
    assert not (boot / "user-data").exists()


def test_another_folder_is_no_card(tmp_path: Path) -> None:
    assert "is no first partition" in prepare(tmp_path, "--name", "kitchen", code=1)


def test_texts_reach_the_first_boot_as_they_were(boot: Path, tmp_path: Path) -> None:
    data = prepared(boot, tmp_path)
    network = yaml.safe_load((boot / "network-config").read_text())["network"]
    settings = tomllib.loads((boot / "satellite/satellite.toml").read_text())
    assert settings == {
        "name": "kitchen",
        "area": NASTY,
        "language": "de",
        "mic": "alsa:plughw:1,0",
    }
    assert network["wifis"]["wlan0"]["access-points"] == {NASTY: {"password": NASTY}}
    assert data["users"][0]["ssh_authorized_keys"] == ["ssh-ed25519 AAAA anna@home"]
    assert (data["hostname"], data["ssh_pwauth"]) == ("kitchen", False)


def test_the_card_holds_the_program_and_its_installer(boot: Path, tmp_path: Path) -> None:
    data = prepared(boot, tmp_path)
    with tarfile.open(boot / "satellite/source.tar.gz") as archive:
        names = set(archive.getnames())
    assert {"pyproject.toml", "deploy/install.sh", "satellite/__main__.py"} <= names
    unit = data["write_files"][0]["content"]
    assert "ExecStart=/bin/sh /boot/firmware/satellite/first-boot.sh" in unit
    assert (boot / "satellite/first-boot.sh").is_file()


def test_cloud_init_accepts_it(boot: Path, tmp_path: Path) -> None:
    schema = _schema()
    prepared(boot, tmp_path)
    run(
        "check-jsonschema", "--schemafile", schema, "--default-filetype", "yaml", boot / "user-data"
    )


def _schema() -> Path:
    """Return the schema of Debian's cloud-init, fetched once. Skips where apt has none."""
    for file in (Path("/") / SCHEMA, CACHE / SCHEMA):
        if file.exists():
            return file
    if shutil.which("apt-get") is None:
        pytest.skip("no apt-get: the schema is in Debian's package cloud-init")
    CACHE.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "download", "-qq", "cloud-init"], cwd=CACHE, capture_output=True)
    for package in CACHE.glob("cloud-init_*.deb"):
        subprocess.run(["dpkg", "-x", package, CACHE], check=True)
        json.loads((CACHE / SCHEMA).read_text())
        return CACHE / SCHEMA
    pytest.skip("apt-get download cloud-init failed: no package lists, or no network")
