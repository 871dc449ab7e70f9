"""The kustomizations for several servers: whole, known to Kubernetes, and fitting our server."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from satellite.config.keys import keys
from satellite.config.layers import SECRET_VARIABLES
from satellite.net.discovery import names
from satellite.net.uri import Tcp, parse
from satellite.settings import Settings
from servers.metrics import Metrics
from servers.models.names import parse as model_name
from servers.pool import LocalPool
from tests.deploy.kustomize import Resource, build
from tests.deploy.lint import DEPLOY, run
from tests.deploy.test_containers import WIDE
from tests.deploy.test_kubernetes import LATEST, OLDEST
from tests.support.engines import ScriptedTts
from tests.test_documents import blocks

FOLDER = DEPLOY / "kubernetes"
OVERLAYS = ("cpu", "gpu")
GUIDE = FOLDER / "README.md"
SERVER = "satellite-server"
MODELS = "satellite-models"
CLOSE = 10
"""Seconds to close after the drain; `servers.pools.LocalPools.closing` and the sockets take two."""


class Cluster:
    """The resources of an overlay."""

    def __init__(self, overlay: str) -> None:
        self.resources = build(FOLDER / "overlays" / overlay)

    def spec(self, kind: str, name: str = SERVER) -> dict[str, Any]:
        spec = self.resources[kind, name]["spec"]
        assert isinstance(spec, dict)
        return spec

    def pod(self, kind: str = "Deployment", name: str = SERVER) -> dict[str, Any]:
        spec = self.spec(kind, name)["template"]["spec"]
        assert isinstance(spec, dict)
        return spec

    def container(self, kind: str = "Deployment", name: str = SERVER) -> dict[str, Any]:
        (only,) = self.pod(kind, name)["containers"]
        assert isinstance(only, dict)
        return only

    def labels(self, kind: str, name: str) -> dict[str, str]:
        labels = self.spec(kind, name)["template"]["metadata"]["labels"]
        assert isinstance(labels, dict)
        return labels


@pytest.fixture(params=OVERLAYS)
def cluster(request: pytest.FixtureRequest) -> Cluster:
    return Cluster(request.param)


@pytest.mark.parametrize("version", [OLDEST, LATEST])
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_knows_every_field(overlay: str, version: str, tmp_path: Path) -> None:
    resources = Cluster(overlay).resources.values()
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(resources))
    text = run("kubernetes-validate", "--strict", "-k", version, tmp_path / "all.yaml")
    assert text.count(" passed for resource ") == len(resources)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kustomize_itself_makes_the_same(overlay: str) -> None:
    if (kubectl := shutil.which("kubectl")) is None:
        pytest.skip("kubectl, which contains kustomize, is not installed")
    done = subprocess.run(
        [kubectl, "kustomize", FOLDER / "overlays" / overlay],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = {(part["kind"], part["metadata"]["name"]): part for part in _parts(done.stdout)}
    assert made == Cluster(overlay).resources


def _settings(container: dict[str, Any]) -> dict[str, str]:
    return {variable["name"]: variable.get("value", "") for variable in container["env"]}


def _parts(text: str) -> list[Resource]:
    return list(yaml.safe_load_all(text))


@pytest.mark.parametrize("file", sorted(FOLDER.rglob("*.yaml")), ids=lambda file: file.name)
def test_the_linter_has_nothing_to_say(file: Path) -> None:
    run("yamllint", "--strict", "-d", WIDE, file)


def test_every_file_is_used() -> None:
    used = set()
    for file in FOLDER.rglob("kustomization.yaml"):
        made = yaml.safe_load(file.read_text())
        named = [*made["resources"], *(patch["path"] for patch in made.get("patches", ()))]
        used |= {file, *((file.parent / name).resolve() for name in named)}
    shown = {path for path in FOLDER.rglob("*.yaml") if path.name in GUIDE.read_text()}
    assert set(FOLDER.rglob("*.yaml")) - used - shown == set()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ("patches: [{path: other.yaml}]", "patches .*'Absent'.*missing"),
        ("images: [{name: other, newName: x, newTag: y}]", "no container has the image other"),
        ("namePrefix: x-", "does not know"),
    ],
)
def test_what_does_not_apply_is_an_error(change: str, error: str, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("{kind: Service, metadata: {name: one}, spec: {}}")
    (tmp_path / "other.yaml").write_text("{kind: Absent, metadata: {name: one}, spec: {}}")
    (tmp_path / "kustomization.yaml").write_text(f"resources: [one.yaml]\n{change}\n")
    with pytest.raises(ValueError, match=error):
        build(tmp_path)


def test_a_stopping_server_has_time_to_drain(cluster: Cluster) -> None:
    container, pod = cluster.container(), cluster.pod()
    command, seconds = container["lifecycle"]["preStop"]["exec"]["command"]
    drain = _settings(container)["SATELLITE_SERVER_DRAIN"]
    assert command == "sleep"
    assert float(seconds) >= names.EVERY  # satellites have looked at the name again
    assert pod["terminationGracePeriodSeconds"] >= float(seconds) + float(drain) + CLOSE


def test_the_autoscaler_s_metric_is_one_of_ours(cluster: Cluster) -> None:
    scaler = cluster.spec("HorizontalPodAutoscaler")
    assert (scaler["scaleTargetRef"]["kind"], scaler["scaleTargetRef"]["name"]) == (
        "Deployment",
        SERVER,
    )
    assert "replicas" not in cluster.spec("Deployment"), "applying again would undo the scaling"
    assert 2 <= scaler["minReplicas"] < scaler["maxReplicas"]
    (metric,) = scaler["metrics"]
    name = metric["pods"]["metric"]["name"]
    metrics = Metrics()
    metrics.role("tts", LocalPool(ScriptedTts(), 2, 2), 2)
    assert metrics.registry.get_sample_value(name, {"role": "tts"}) == 0
    adapter = yaml.safe_load((FOLDER / "monitoring/adapter-values.yaml").read_text())
    (rule,) = adapter["rules"]["custom"]
    assert rule["seriesQuery"].startswith(name + "{")
    assert rule["name"]["as"] == name
    aims = metric["pods"]["target"]["averageValue"]
    assert 0.3 < int(aims.removesuffix("m")) / 1000 < 1, "before all workers are busy"


def test_prometheus_reads_the_port_with_the_token(cluster: Cluster) -> None:
    monitor = yaml.safe_load((FOLDER / "monitoring/pod-monitor.yaml").read_text())["spec"]
    assert monitor["selector"]["matchLabels"] == cluster.labels("Deployment", SERVER)
    (end,) = monitor["podMetricsEndpoints"]
    assert end["port"] in {port["name"] for port in cluster.container()["ports"]}
    (token,) = (v for v in cluster.container()["env"] if v["name"] == "SATELLITE_HTTP_TOKEN")
    reference = token["valueFrom"]["secretKeyRef"]
    assert end["authorization"]["credentials"] == {
        "name": reference["name"],
        "key": reference["key"],
    }
    assert f"secret generic {reference['name']} " in GUIDE.read_text()


def test_everything_selects_the_servers(cluster: Cluster) -> None:
    labels = cluster.labels("Deployment", SERVER)
    deployment, pod = cluster.spec("Deployment"), cluster.pod()
    assert deployment["selector"]["matchLabels"] == labels
    assert cluster.spec("PodDisruptionBudget")["selector"]["matchLabels"] == labels
    assert cluster.spec("NetworkPolicy")["podSelector"]["matchLabels"] == labels
    jobs = cluster.spec("NetworkPolicy", MODELS)["podSelector"]["matchLabels"]
    assert jobs == cluster.labels("Job", MODELS)
    assert jobs != labels
    for spread in pod["topologySpreadConstraints"]:
        assert spread["labelSelector"]["matchLabels"] == labels
    numbers = {port["name"]: port["containerPort"] for port in cluster.container()["ports"]}
    server = Settings().server
    for service in (SERVER, f"{SERVER}-pods"):
        assert cluster.spec("Service", service)["selector"] == labels
        ports = {p["name"]: p["port"] for p in cluster.spec("Service", service)["ports"]}
        assert ports == {role: getattr(server, f"{role}_port") for role in server.roles}
        assert ports.items() <= numbers.items()
    assert cluster.spec("Service", f"{SERVER}-pods")["clusterIP"] == "None"
    (open_ports, scraped) = cluster.spec("NetworkPolicy")["ingress"]
    assert {port["port"] for port in open_ports["ports"]} == set(server.roles)
    assert [port["port"] for port in scraped["ports"]] == ["metrics"]
    assert "ingress" not in cluster.spec("NetworkPolicy", MODELS)


def test_the_models_are_shared_and_only_the_job_writes_them(cluster: Cluster) -> None:
    assert cluster.spec("PersistentVolumeClaim", MODELS)["accessModes"] == ["ReadWriteMany"]
    for kind, name, readonly in (("Deployment", SERVER, True), ("Job", MODELS, None)):
        pod, container = cluster.pod(kind, name), cluster.container(kind, name)
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
        assert volumes.keys() == mounts.keys()
        claim = volumes["models"]["persistentVolumeClaim"]
        assert claim == {"claimName": MODELS, **({"readOnly": True} if readonly else {})}
        assert mounts["models"].get("readOnly") is readonly
        assert _settings(container)["SATELLITE_MODELS_FOLDER"] == mounts["models"]["mountPath"]
    job = cluster.container("Job", MODELS)
    assert job["command"] == ["satellite"]
    assert job["args"][:2] == ["models", "pull"]
    assert all(model_name(text).kind in ("whisper", "piper") for text in job["args"][2:])


def test_pods_may_do_nothing_that_they_need_not(cluster: Cluster) -> None:
    dockerfile = (DEPLOY / "containers/server.Dockerfile").read_text()
    for kind, name in (("Deployment", SERVER), ("Job", MODELS)):
        pod, container = cluster.pod(kind, name), cluster.container(kind, name)
        assert not pod["automountServiceAccountToken"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert f"\nUSER {pod['securityContext']['runAsUser']}\n" in dockerfile
        own = container["securityContext"]
        assert own["readOnlyRootFilesystem"]
        assert not own["allowPrivilegeEscalation"]
        assert own["capabilities"] == {"drop": ["ALL"]}


def test_settings_and_probes_are_the_server_s(cluster: Cluster) -> None:
    container = cluster.container()
    known = {"SATELLITE_" + path.upper().replace(".", "_") for path in keys()}
    named = {v["name"] for v in [*container["env"], *cluster.container("Job", MODELS)["env"]]}
    assert named <= known | set(SECRET_VARIABLES)
    probes = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness")}
    assert {probe["path"] for probe in probes.values()} == {"/readyz"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "metrics"}


def test_the_variants_use_the_images_that_the_dockerfile_makes() -> None:
    cpu, gpu = Cluster("cpu"), Cluster("gpu")
    for made, tag in ((cpu, "cpu"), (gpu, "cuda")):
        images = {made.container()["image"], made.container("Job", MODELS)["image"]}
        assert images == {f"{SERVER}:{tag}"}
        assert f"VARIANT={tag}" in (DEPLOY / "containers/server.Dockerfile").read_text()
    assert gpu.container()["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert "nvidia.com/gpu" not in cpu.container()["resources"]["limits"]
    assert gpu.spec("Deployment")["strategy"]["rollingUpdate"]["maxSurge"] == 0


def test_the_guide_names_what_there_is() -> None:
    text = GUIDE.read_text()
    for overlay in re.findall(r"deploy/kubernetes/(\S+?)[\s`]", text):
        assert (FOLDER / overlay).exists(), overlay
    shown = [
        name for block in blocks(GUIDE, "toml") for name in tomllib.loads(block)["servers"]["dns"]
    ]
    ports = Settings().server
    known = {ports.asr_port, ports.tts_port, ports.llm_port}
    headless = set()
    for name in shown:
        names.check(name)
        address = parse(name)
        assert isinstance(address, Tcp)
        assert address.port in known
        if address.host.endswith(".svc.cluster.local"):
            headless.add((address.host.partition(".")[0], address.port))
    assert headless == {(f"{SERVER}-pods", port) for port in known}
