"""A real Kubernetes API server with its etcd; skips the test if they are not installed.

There are no nodes and no controllers: what it is given is checked, defaulted, admitted and stored.
"""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tests.support.ports import free_ports

INSTALL = Path(__file__).with_name("install_kubernetes.sh")
_START = 120.0
"""Seconds allowed for the start on a busy machine; a quiet one takes five."""
_TOKEN = "test"


class Programs(msgspec.Struct, frozen=True):
    """The paths of what is needed."""

    etcd: str
    server: str
    kubectl: str


def programs() -> Programs:
    """Return the installed programs; skip the test if one is missing."""
    cache = os.environ.get("SATELLITE_TEST_CACHE") or Path(
        os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "satellite-tests"
    )
    built = sorted(Path(cache).glob("kubernetes-*"))
    path = os.pathsep.join([*map(str, reversed(built)), os.environ.get("PATH", "")])
    found = {name: shutil.which(name, path=path) for name in ("etcd", "kube-apiserver", "kubectl")}
    if missing := [name for name, place in found.items() if place is None]:
        pytest.skip(
            f"{' and '.join(missing)} not installed here: tests/support/{INSTALL.name} builds "
            "kube-apiserver and kubectl with Go, and Debian's etcd-server has etcd"
        )
    return Programs(*(str(place) for place in found.values()))


class Api:
    """Calls kubectl as a person would, on the API server."""

    def __init__(self, kubectl: str, port: int, folder: Path) -> None:
        self._command = [
            *(kubectl, "--kubeconfig", "/dev/null", "--server", f"https://127.0.0.1:{port}"),
            *("--certificate-authority", f"{folder}/certs/apiserver.crt", "--token", _TOKEN),
        ]
        self._home = folder

    def run(self, *arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command of kubectl to its end."""
        return subprocess.run(
            [*self._command, *arguments],
            input=given,
            env={**os.environ, "HOME": str(self._home)},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def done(self, *arguments: str | Path, given: str = "") -> str:
        """Run a command that has to succeed without a warning; return what it prints."""
        done = self.run(*arguments, given=given)
        # one of kubectl itself, about its own version
        said = [line for line in done.stderr.splitlines() if "minor version skew" not in line]
        assert (done.returncode, said) == (0, []), done.stderr
        return done.stdout


@contextmanager
def serving(folder: Path) -> Iterator[Api]:
    """Run an empty API server with its data in `folder`; yield what calls it."""
    found = programs()
    store, peers, port = free_ports(3)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (folder / "accounts.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    (folder / "tokens.csv").write_text(f'{_TOKEN},admin,1,"system:masters"\n')
    at, between = f"http://127.0.0.1:{store}", f"http://127.0.0.1:{peers}"
    etcd = [
        *(found.etcd, "--data-dir", "etcd", "--unsafe-no-fsync"),
        *("--listen-client-urls", at, "--advertise-client-urls", at),
        *("--listen-peer-urls", between, "--initial-advertise-peer-urls", between),
        *("--initial-cluster", f"default={between}"),
    ]
    server = [
        *(found.server, "--etcd-servers", at, "--cert-dir", "certs"),
        *("--bind-address", "127.0.0.1", "--secure-port", str(port)),
        *("--service-account-issuer", "https://localhost"),
        *("--service-account-key-file", "accounts.key"),
        *("--service-account-signing-key-file", "accounts.key"),
        *("--service-cluster-ip-range", "10.0.0.0/24", "--token-auth-file", "tokens.csv"),
        # a controller would make the account that this plugin asks for
        *("--disable-admission-plugins", "ServiceAccount", "--authorization-mode", "AlwaysAllow"),
    ]
    with _running(etcd, folder, "etcd.log"), _running(server, folder, "server.log") as process:
        _wait(port, process, folder)
        yield Api(found.kubectl, port, folder)


@contextmanager
def _running(command: list[str], folder: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / name).open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()  # nothing of it is needed again
        process.wait(30)


def _wait(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until the server is ready. Raises `AssertionError` with its log."""
    until, certificate = time.monotonic() + _START, folder / "certs/apiserver.crt"
    asked = Request(
        f"https://127.0.0.1:{port}/readyz", headers={"Authorization": f"Bearer {_TOKEN}"}
    )
    while time.monotonic() < until and process.poll() is None:
        try:
            trust = ssl.create_default_context(cafile=str(certificate))
            with urlopen(asked, timeout=10, context=trust):
                return
        except (URLError, OSError):  # not yet; the certificate may be missing, too
            time.sleep(0.2)
    raise AssertionError((folder / "server.log").read_text()[-2000:])
