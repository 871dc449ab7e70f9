"""The manifest of a single server by Kubernetes' own schemas, and what our server needs of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from satellite.config.keys import keys
from satellite.settings import Settings
from tests.deploy.lint import DEPLOY, run

MANIFEST = DEPLOY / "kubernetes/server.yaml"
OLDEST, LATEST = "1.29", "1.34"
"""Versions of Kubernetes: the oldest and the latest whose schemas are looked at."""


@pytest.fixture(scope="module")
def parts() -> dict[str, Any]:
    return {part["kind"]: part for part in yaml.safe_load_all(MANIFEST.read_text())}


@pytest.fixture(scope="module")
def container(parts: dict[str, Any]) -> dict[str, Any]:
    (only,) = parts["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


@pytest.mark.parametrize("version", [OLDEST, LATEST])
def test_kubernetes_knows_every_field(version: str) -> None:
    run("kubernetes-validate", "--strict", "--kubernetes-version", version, MANIFEST)


def test_a_field_that_kubernetes_does_not_know_fails(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text(MANIFEST.read_text().replace("replicas:", "replica:"))
    with pytest.raises(AssertionError, match="'replica' was unexpected"):
        run("kubernetes-validate", "--strict", "-k", LATEST, tmp_path / "wrong.yaml")


def test_the_parts_belong_together(parts: dict[str, Any], container: dict[str, Any]) -> None:
    deployment = parts["Deployment"]["spec"]
    pod = deployment["template"]
    assert deployment["selector"]["matchLabels"] == pod["metadata"]["labels"]
    assert parts["Service"]["spec"]["selector"] == pod["metadata"]["labels"]
    names = {port["name"] for port in container["ports"]}
    assert {port["targetPort"] for port in parts["Service"]["spec"]["ports"]} <= names
    volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    claims = [v["persistentVolumeClaim"]["claimName"] for v in pod["spec"]["volumes"][:1]]
    assert claims == [parts["PersistentVolumeClaim"]["metadata"]["name"]]


def test_it_may_do_nothing_that_it_need_not(
    parts: dict[str, Any], container: dict[str, Any]
) -> None:
    pod = parts["Deployment"]["spec"]["template"]["spec"]["securityContext"]
    assert pod["runAsNonRoot"]
    dockerfile = (DEPLOY / "containers/server.Dockerfile").read_text()
    assert f"\nUSER {pod['runAsUser']}\n" in dockerfile
    own = container["securityContext"]
    assert own["readOnlyRootFilesystem"]
    assert not own["allowPrivilegeEscalation"]
    assert own["capabilities"] == {"drop": ["ALL"]}


def test_ports_and_settings_are_the_server_s(container: dict[str, Any]) -> None:
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    server = Settings().server
    assert (ports["asr"], ports["tts"], ports["llm"]) == (
        server.asr_port,
        server.tts_port,
        server.llm_port,
    )
    dockerfile = (DEPLOY / "containers/server.Dockerfile").read_text()
    assert f"SATELLITE_SERVER_METRICS={ports['metrics']}\n" in dockerfile
    known = {"SATELLITE_" + path.upper().replace(".", "_") for path in keys()}
    assert {variable["name"] for variable in container["env"]} <= known


def test_it_is_probed_where_it_answers(container: dict[str, Any]) -> None:
    """tests/servers/test_health.py shows what the paths say."""
    paths = {
        name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")
    }
    assert {probe["port"] for probe in paths.values()} == {"metrics"}
    assert [probe["path"] for probe in paths.values()] == ["/readyz", "/readyz", "/healthz"]
