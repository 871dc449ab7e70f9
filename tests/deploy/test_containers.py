"""Container files by their linters and schemas, and that what they name is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from satellite.config.keys import keys
from tests.deploy.lint import DEPLOY, run

CONTAINERS = DEPLOY / "containers"
ADDON = DEPLOY / "homeassistant-addon/satellite"
FILES = [*sorted(CONTAINERS.glob("*.Dockerfile")), ADDON / "Dockerfile"]
COMPOSE = sorted(CONTAINERS.glob("compose*.yaml"))
WIDE = "{extends: default, rules: {line-length: {max: 160}, document-start: disable, " + (
    "braces: {max-spaces-inside: 1}, comments: {min-spaces-from-content: 1}}}"
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_linter_has_nothing_to_say(file: Path) -> None:
    assert run("hadolint", file) == ""


@pytest.mark.parametrize("file", FILES[:2], ids=lambda file: file.name)
def test_it_runs_without_root_and_reports_its_health(file: Path) -> None:
    text = file.read_text()
    assert re.search(r"^USER [1-9]\d*$", text, re.M)
    assert re.search(r"^HEALTHCHECK ", text, re.M)
    assert (file.parent / f"{file.name}.dockerignore").exists()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_it_sets_are_settings(file: Path) -> None:
    known = {"SATELLITE_" + path.upper().replace(".", "_") for path in keys()}
    assert set(re.findall(r"\bSATELLITE_\w+", file.read_text())) <= known


@pytest.mark.parametrize("file", FILES[:2], ids=lambda file: file.name)
def test_what_it_copies_is_what_is_sent_to_the_builder(file: Path) -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", file.read_text(), re.M)
    ignored = (file.parent / f"{file.name}.dockerignore").read_text().splitlines()
    for name in " ".join(copied).split():
        assert (DEPLOY.parent / name).exists()
        assert f"!{name}" in ignored


@pytest.mark.parametrize("file", COMPOSE, ids=lambda file: file.name)
def test_compose_files_are_as_compose_wants_them(file: Path) -> None:
    run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", file)


def test_compose_builds_what_is_here_and_gives_no_more_than_is_needed() -> None:
    composed: dict[str, Any] = yaml.safe_load((CONTAINERS / "compose.yaml").read_text())
    services = composed["services"]
    assert set(services) == {"ollama", "server", "satellite"}
    for name in ("server", "satellite"):
        build = services[name]["build"]
        assert ((CONTAINERS / build["context"]).resolve() / build["dockerfile"]).exists()
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["read_only"]
    for service in services.values():
        assert service["restart"] == "unless-stopped"
        assert service["logging"]["options"]["max-size"]
        for volume in service["volumes"]:
            assert volume.partition(":")[0] in composed["volumes"]


@pytest.mark.parametrize(
    "file", sorted(DEPLOY.rglob("*.yaml")), ids=lambda file: str(file.relative_to(DEPLOY))
)
def test_yaml_is_tidy(file: Path) -> None:
    run("yamllint", "--strict", "-d", WIDE, file)
