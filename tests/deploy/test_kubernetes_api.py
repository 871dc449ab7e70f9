"""The manifests on a real API server: known, valid, admitted, stored whole, and applied again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.kustomize import build
from tests.deploy.test_kubernetes import MANIFEST
from tests.deploy.test_kubernetes_cluster import FOLDER, GUIDE, MODELS, OVERLAYS, SERVER
from tests.support.kubernetes_api import Api, serving

RESTRICTED = tuple(
    f"pod-security.kubernetes.io/{mode}=restricted" for mode in ("enforce", "warn", "audit")
)
"""The strictest of Kubernetes' own standards for pods."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with serving(tmp_path_factory.mktemp("kubernetes")) as running:
        yield running


def namespace(api: Api, name: str) -> None:
    """Make a namespace as the guide says, which admits restricted pods only."""
    text = GUIDE.read_text()
    assert "kubectl create namespace satellite\n" in text
    assert "-n satellite create secret generic satellite-http --from-literal=token=" in text
    api.done("create", "namespace", name)
    api.done("label", "namespace", name, *RESTRICTED)
    api.done(
        *("-n", name, "create", "secret", "generic", "satellite-http"), "--from-literal=token=test"
    )


def stored(api: Api, name: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what a namespace has of our kinds."""
    kinds = "deployments,services,hpa,pdb,networkpolicies,pvc,jobs"
    items = json.loads(api.done("-n", name, "get", kinds, "-o", "json"))["items"]
    return {(item["kind"], item["metadata"]["name"]): item for item in items}


def differing(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Return the paths of ours that are missing or another value there."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [
            found
            for key, value in ours.items()
            for found in differing(value, theirs.get(key), f"{path}.{key}")
        ]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [
            found
            for number, (one, other) in enumerate(zip(ours, theirs, strict=True))
            for found in differing(one, other, f"{path}[{number}]")
        ]
    return [] if ours == theirs else [f"{path}: {ours!r} is {theirs!r}"]


def admitted(api: Api, name: str, template: dict[str, Any]) -> None:
    """Have a pod of a template admitted."""
    pod = {"apiVersion": "v1", "kind": "Pod", **template}
    pod["metadata"] = {**template["metadata"], "name": "one"}
    command = ("-n", name, "create", "--validate=strict", "--dry-run=server", "-f", "-")
    assert "pod/one created" in api.done(*command, given=json.dumps(pod))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_is_valid_stored_whole_and_applied_again_without_a_change(
    api: Api, overlay: str
) -> None:
    folder, resources = FOLDER / "overlays" / overlay, build(FOLDER / "overlays" / overlay)
    namespace(api, overlay)
    apply = ("-n", overlay, "apply", "--validate=strict", "-k", folder)
    tried = api.done(*apply, "--dry-run=server").splitlines()
    assert len(tried) == len(resources)
    assert all(line.endswith(" created (server dry run)") for line in tried)
    assert not stored(api, overlay)
    api.done(*apply)
    there = stored(api, overlay)
    assert there.keys() == resources.keys()
    assert not [text for name, ours in resources.items() for text in differing(ours, there[name])]
    api.done(*apply)
    generations = {item["metadata"].get("generation", 1) for item in stored(api, overlay).values()}
    assert generations == {1}, "applying again would restart all pods"
    for kind, name in (("Deployment", SERVER), ("Job", MODELS)):
        admitted(api, overlay, resources[kind, name]["spec"]["template"])


def test_the_single_server_is_valid_and_stored_whole(api: Api) -> None:
    namespace(api, "single")
    api.done("-n", "single", "apply", "--validate=strict", "-f", MANIFEST)
    there = stored(api, "single")
    for ours in yaml.safe_load_all(MANIFEST.read_text()):
        assert not differing(ours, there[ours["kind"], ours["metadata"]["name"]])
    admitted(api, "single", there["Deployment", SERVER]["spec"]["template"])


def test_another_image_is_applied_after_the_job_was_deleted_as_the_guide_says(
    api: Api, tmp_path: Path
) -> None:
    shutil.copytree(FOLDER, tmp_path / "kubernetes")
    folder = tmp_path / "kubernetes/overlays/cpu"
    namespace(api, "updated")
    api.done("-n", "updated", "apply", "-k", folder)
    file = folder / "kustomization.yaml"
    file.write_text(file.read_text().replace("newTag: cpu", "newTag: later"))
    refused = api.run("-n", "updated", "apply", "-k", folder)
    assert refused.returncode == 1
    assert "field is immutable" in refused.stderr
    delete = "kubectl -n satellite delete job satellite-models --ignore-not-found"
    assert "For other models or another image" in GUIDE.read_text()
    assert delete in GUIDE.read_text()
    api.done("-n", "updated", *delete.split()[3:])
    api.done("-n", "updated", "apply", "-k", folder)
    there = stored(api, "updated")
    for kind, name in (("Deployment", SERVER), ("Job", MODELS)):
        (container,) = there[kind, name]["spec"]["template"]["spec"]["containers"]
        assert container["image"] == f"{SERVER}:later"


def test_a_field_that_kubernetes_does_not_know_is_refused(api: Api) -> None:
    namespace(api, "wrong")
    text = MANIFEST.read_text().replace("replicas:", "replica:")
    command = ("-n", "wrong", "apply", "--validate=strict", "--dry-run=server", "-f", "-")
    refused = api.run(*command, given=text)
    assert refused.returncode == 1
    assert 'unknown field "spec.replica"' in refused.stderr
