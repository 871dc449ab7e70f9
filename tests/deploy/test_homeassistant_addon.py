"""The add-on: what the supervisor asks of its files, and that it starts what was set."""

from __future__ import annotations

import http.server
import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from satellite.config import load as config
from satellite.config.keys import keys
from tests.deploy.lint import DEPLOY, run

REPOSITORY = DEPLOY / "homeassistant-addon"
ADDON = REPOSITORY / "satellite"
TYPE = re.compile(r"^(str|bool|int|float|email|url|password|port|match\(.+\)|list\(.+\))\??$")
"""Types of options that the supervisor knows, without those in ranges, which are not used."""

SUPERVISED = {
    "name": str,
    "version": str,
    "slug": str,
    "description": str,
    "arch": list,
    "init": bool,
    "startup": str,
    "boot": str,
    "audio": bool,
    "host_network": bool,
    "ingress": bool,
    "ingress_port": int,
    "panel_title": str,
    "panel_icon": str,
    "apparmor": bool,
    "map": list,
    "backup_exclude": list,
    "options": dict,
    "schema": dict,
}
"""Keys of `config.yaml` that the supervisor's schema has (supervisor/apps/validate.py, 2026.08), as
far as they are used here: it drops others without a word."""

MAPPED = re.compile(r"^(data|ssl|local_apps|backup|share|media|app_config)(:(rw|ro))?$")
"""Entries of `map` without the deprecated ones."""


def environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], **more}


@pytest.fixture(scope="module")
def addon() -> dict[str, Any]:
    loaded = yaml.safe_load((ADDON / "config.yaml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_the_repository_has_a_name_and_this_add_on_alone() -> None:
    described = yaml.safe_load((REPOSITORY / "repository.yaml").read_text())
    assert set(described) <= {"name", "url", "maintainer"}
    assert isinstance(described["name"], str)
    assert [path.parent.name for path in REPOSITORY.rglob("config.*")] == ["satellite"]


def test_everything_that_the_supervisor_requires_exists(addon: dict[str, Any]) -> None:
    assert {"name", "version", "slug", "description", "arch"} <= set(addon)
    assert {name: type(value) for name, value in addon.items()} == {
        name: SUPERVISED[name] for name in addon
    }
    assert set(addon["arch"]) == {"aarch64", "amd64"}  # the wheels' architectures
    assert re.fullmatch(r"[-_.A-Za-z0-9]+", addon["slug"])
    assert addon["startup"] in ("initialize", "system", "services", "application", "once")
    assert addon["boot"] in ("auto", "manual", "manual_only")
    assert addon["audio"] is True
    assert addon["host_network"] is True  # by which Home Assistant finds it
    assert all(MAPPED.match(entry) for entry in addon["map"])
    assert not (ADDON / "build.yaml").exists(), "deprecated: the Dockerfile names the base"
    project = (DEPLOY.parent / "pyproject.toml").read_text()
    assert f'version = "{addon["version"]}"' in project


def test_models_are_left_out_of_backups_and_nothing_else(addon: dict[str, Any]) -> None:
    """The supervisor matches the whole path with `PurePath.match`, and leaves out what is below."""
    data = Path("/mnt/data/supervisor/addons/data/local_satellite")
    dockerfile = (ADDON / "Dockerfile").read_text()
    assert "XDG_DATA_HOME=/data " in dockerfile
    assert "XDG_STATE_HOME=/data/state" in dockerfile

    def excluded(path: str) -> bool:
        return any((data / path).match(pattern) for pattern in addon["backup_exclude"])

    assert excluded("satellite/models")
    assert excluded("satellite/models/whisper")
    stored = [
        "options.json",
        "satellite",
        "satellite/keys/identity.pem",
        "state/satellite/mute.json",
    ]
    assert not any(map(excluded, stored))


def test_its_options_are_settings_of_known_types(addon: dict[str, Any]) -> None:
    known = {*(path.replace(".", "_") for path in keys()), "log_level", "run_as"}
    assert set(addon["schema"]) <= known
    for name, kind in addon["schema"].items():
        assert TYPE.match(kind), f"{name}: {kind}"
        if not kind.endswith("?"):
            assert name in addon["options"], f"{name} has no default, and must have one"
    assert set(addon["options"]) <= set(addon["schema"])


@pytest.mark.parametrize("language", ["de", "en", "zh-Hans"])
def test_every_option_is_explained(addon: dict[str, Any], language: str) -> None:
    words = yaml.safe_load((ADDON / "translations" / f"{language}.yaml").read_text())
    assert list(words) == ["configuration"]
    assert list(words["configuration"]) == list(addon["schema"])
    assert all(set(texts) == {"name", "description"} for texts in words["configuration"].values())


@pytest.mark.parametrize("script", [ADDON / "run.sh", REPOSITORY / "export.sh"])
def test_the_scripts_are_plain_shell(script: Path) -> None:
    run("shellcheck", script)


def test_the_profile_is_one_that_can_be_renamed() -> None:
    """The supervisor writes its own name for the add-on into the line of the profile."""
    text = (ADDON / "apparmor.txt").read_text()
    assert len(re.findall(r"^profile ([^ ]+).*$", text, re.M)) == 1
    assert "peer=satellite" not in text
    run("apparmor_parser", "--skip-kernel-load", "--skip-cache", ADDON / "apparmor.txt")


def test_an_exported_repository_has_all_that_the_image_is_built_from(tmp_path: Path) -> None:
    target = tmp_path / "addon"
    export = [str(REPOSITORY / "export.sh"), str(target)]
    assert subprocess.run(export, check=False, timeout=60).returncode == 0
    addon = target / "satellite"
    for copied in re.findall(
        r"^COPY (?!--from)(.+) \S+$", (addon / "Dockerfile").read_text(), re.M
    ):
        assert all((addon / name).exists() for name in copied.split())
    # the supervisor would take any other file of that name for another add-on
    suffixes = {path.suffix for path in target.rglob("config.*") if path.parent != addon}
    assert not suffixes & {".yaml", ".yml", ".json"}
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    wheel = [*build, "-w", str(tmp_path), str(addon / "source")]
    subprocess.run(wheel, check=True, timeout=200)
    (built,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(built).namelist()
    assert "satellite/__main__.py" in names
    again = subprocess.run(export, capture_output=True, text=True, check=False, timeout=60)
    assert (again.returncode, "is not empty" in again.stderr) == (1, True)


def started(
    options: dict[str, Any], tmp_path: Path, **more: str
) -> tuple[list[str], dict[str, str]]:
    """Return the arguments and the environment that the start script gives to the program."""
    file, program = tmp_path / "options.json", tmp_path / "program"
    file.write_text(json.dumps(options))
    program.write_text('#!/bin/sh\nprintf "%s\\0" "$*"\nenv -0\n')
    program.chmod(0o755)
    done = subprocess.run(
        [str(ADDON / "run.sh")],
        env=environment(OPTIONS=str(file), SATELLITE=str(program), **more),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    arguments, *pairs = done.stdout.split("\0")
    parts = (pair.partition("=") for pair in pairs)
    return arguments.split(), {k: v for k, _, v in parts if k.startswith("SATELLITE_")}


def test_it_starts_the_satellite_with_the_options(addon: dict[str, Any], tmp_path: Path) -> None:
    """Texts with quotes and spaces come through; empty ones are as if they were not there."""
    given = {**addon["options"], "name": "Bob's place; $(reboot)", "tts": "espeak"}
    arguments, variables = started(given, tmp_path)
    assert arguments == []
    settings = config.load(environment=variables, files=[]).settings
    assert (settings.name, settings.tts, settings.area) == ("Bob's place; $(reboot)", "espeak", "")
    assert (settings.mic, settings.brain) == ("alsa:default", "auto")
    assert settings.homeassistant.protocol == "auto"
    assert settings.http.ingress_port == addon["ingress_port"] > 0
    assert settings.http.ingress_peer == "172.30.32.2"  # the Supervisor's in every installation
    assert variables["SATELLITE_LOG_LEVEL"] == "info"
    assert "SATELLITE_RUN_AS" not in variables


def test_it_starts_a_server_with_the_file_of_settings(
    addon: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "satellite.toml"
    file.touch()
    given = {**addon["options"], "run_as": "server"}
    arguments, variables = started(given, tmp_path, SETTINGS=str(file))
    assert arguments == ["--server", "--config", str(file)]
    config.load(environment=variables, files=[])


def test_the_page_saves_settings_into_a_file_that_outlives_the_container(
    addon: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "satellite.toml"
    arguments, variables = started(addon["options"], tmp_path, SETTINGS=str(file))
    assert arguments == ["--config", str(file)]
    config.load(environment=variables, files=[file])
    file.write_text("[listen]\nsilence = 0.9\n")
    started(addon["options"], tmp_path, SETTINGS=str(file))
    assert file.read_text() == "[listen]\nsilence = 0.9\n"


class Halfway(http.server.BaseHTTPRequestHandler):
    """A satellite that hears, and a server whose services do not answer."""

    def do_GET(self) -> None:
        self.send_error(200 if self.path == "/healthz" else 503)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as its base has it
        pass


@pytest.mark.parametrize(("role", "port", "code"), [("satellite", 9464, 0), ("server", 9465, 1)])
def test_it_is_healthy_while_its_program_says_so(
    role: str, port: int, code: int, tmp_path: Path
) -> None:
    options, file = tmp_path / "options.json", tmp_path / "healthy.py"
    program = (ADDON / "healthy.py").read_text()
    assert f"127.0.0.1:{port}/" in program
    options.write_text(json.dumps({"run_as": role}))
    with http.server.HTTPServer(("127.0.0.1", 0), Halfway) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        file.write_text(program.replace(f":{port}/", f":{server.server_port}/"))
        command = [sys.executable, str(file)]
        env = environment(OPTIONS=str(options))
        done = subprocess.run(command, env=env, stderr=subprocess.PIPE, timeout=30, check=False)
        server.shutdown()
    assert (done.returncode, b"503" in done.stderr) == (code, bool(code)), done.stderr
