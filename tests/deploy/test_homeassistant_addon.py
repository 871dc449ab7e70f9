"""The add-on: what the supervisor asks of its files, and that it starts what was set."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from satellite.config import load as config
from satellite.config.keys import keys
from tests.deploy.lint import DEPLOY, run

ADDON = DEPLOY / "homeassistant-addon"
TYPE = re.compile(r"^(str|bool|int|float|email|url|password|port|match\(.+\)|list\(.+\))\??$")
"""Types of options that the supervisor knows, without those in ranges, which are not used."""


@pytest.fixture(scope="module")
def addon() -> dict[str, Any]:
    loaded = yaml.safe_load((ADDON / "config.yaml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_everything_that_the_supervisor_requires_exists(addon: dict[str, Any]) -> None:
    assert {"name", "version", "slug", "description", "arch"} <= set(addon)
    assert set(addon["arch"]) == {"aarch64", "amd64"}  # the wheels' architectures
    assert set(yaml.safe_load((ADDON / "build.yaml").read_text())["build_from"]) == set(
        addon["arch"]
    )
    assert re.fullmatch(r"[-_.A-Za-z0-9]+", addon["slug"])
    assert addon["startup"] in ("initialize", "system", "services", "application", "once")
    assert addon["audio"] is True
    assert addon["host_network"] is True
    project = (ADDON.parent.parent / "pyproject.toml").read_text()
    assert f'version = "{addon["version"]}"' in project


def test_its_options_are_settings_of_known_types(addon: dict[str, Any]) -> None:
    known = {*keys(), "log_level"}
    assert set(addon["schema"]) <= known
    for name, kind in addon["schema"].items():
        assert TYPE.match(kind), f"{name}: {kind}"
        if not kind.endswith("?"):
            assert name in addon["options"], f"{name} has no default, and must have one"
    assert set(addon["options"]) <= set(addon["schema"])


@pytest.mark.parametrize(
    "file", sorted((ADDON / "translations").glob("*.yaml")), ids=lambda f: f.stem
)
def test_every_option_is_explained(addon: dict[str, Any], file: Path) -> None:
    told = yaml.safe_load(file.read_text())["configuration"]
    assert list(told) == list(addon["schema"])
    assert all(set(texts) == {"name", "description"} for texts in told.values())


def test_the_script_is_plain_shell() -> None:
    run("shellcheck", ADDON / "run.sh")


def test_it_starts_the_satellite_with_the_options(addon: dict[str, Any], tmp_path: Path) -> None:
    """Texts with quotes and spaces come through; empty ones are as if they were not there."""
    given = {**addon["options"], "name": "Bob's place; $(reboot)", "tts": "espeak"}
    options, told = tmp_path / "options.json", tmp_path / "program"
    options.write_text(json.dumps(given))
    told.write_text("#!/bin/sh\nenv -0\n")
    told.chmod(0o755)
    done = subprocess.run(
        [str(ADDON / "run.sh")],
        env={"PATH": os.environ["PATH"], "OPTIONS": str(options), "SATELLITE": str(told)},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    pairs = (line.partition("=") for line in done.stdout.split("\0"))
    environment = {k: v for k, _, v in pairs if k.startswith("SATELLITE_")}
    settings = config.load(environment=environment, files=[]).settings
    assert (settings.name, settings.tts, settings.area) == ("Bob's place; $(reboot)", "espeak", "")
    assert (settings.mic, settings.brain) == ("alsa:default", "auto")
    assert environment["SATELLITE_LOG_LEVEL"] == "info"
