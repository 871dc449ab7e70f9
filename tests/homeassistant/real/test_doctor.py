"""`satellite doctor homeassistant` with a real Home Assistant that our satellite belongs to."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.homeassistant.real.access_tokens import write_token
from tests.homeassistant.real.install import NEW
from tests.homeassistant.real.satellite import NAME, RealSatellite

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.parametrize("home_assistant", [NEW], indirect=True, scope="module"),
]


def _findings(satellite: RealSatellite, token: Path) -> tuple[int, dict[str, list[dict[str, str]]]]:
    """Return the exit code and the findings by subject."""
    command = [sys.executable, "-m", "satellite", "doctor", "homeassistant", "--json"]
    options = [
        *("--listen", f"tcp://127.0.0.1:{satellite.tap.target}"),
        *("--set", f"home.url={satellite.home_assistant.api.base}"),
        *("--set", f"home.token_file={token}"),
    ]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=120)
    found: dict[str, list[dict[str, str]]] = {}
    for finding in json.loads(done.stdout):
        found.setdefault(finding["about"], []).append(finding)
    return done.returncode, found


@pytest.fixture(scope="module")
def token(satellite: RealSatellite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with an access token of Home Assistant."""
    return write_token(satellite.home_assistant, tmp_path_factory.mktemp("secret") / "doctor")


def test_the_doctor_reports_what_home_assistant_sees(satellite: RealSatellite, token: Path) -> None:
    _, found = _findings(satellite, token)
    port = found[f"port {satellite.tap.target}"]
    reported = "; ".join(finding["found"] for finding in port)
    for part in (f"{NAME}: an Assist satellite", "describe answered", "ping answered", "alone"):
        assert part in reported
    (home,) = found["Home Assistant"]
    assert home["state"] == "ok"
    assert "accepts the token" in home["found"]
    assert found["clocks"][0]["state"] == "ok"


def test_a_wrong_token_is_named(satellite: RealSatellite, tmp_path: Path) -> None:
    wrong = tmp_path / "token"
    wrong.write_text("no-token-of-theirs")
    wrong.chmod(0o600)
    code, found = _findings(satellite, wrong)
    assert code == 1
    (home,) = found["Home Assistant"]
    assert home["state"] == "broken"
    assert str(wrong) in home["remedy"]
    assert "no-token-of-theirs" not in str(found)
