"""Fixtures: running Home Assistants, one for all tests of a module."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.homeassistant.real import installation, services
from tests.homeassistant.real import satellite as satellites
from tests.homeassistant.real.install import VERSIONS, need
from tests.homeassistant.real.installation import Installation
from tests.homeassistant.real.satellite import RealSatellite
from tests.homeassistant.real.services import FurnishedHome


@pytest.fixture(scope="module", params=VERSIONS)
def home_assistant(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """A running Home Assistant of each installed version, or of the `indirect` parameters."""
    install = need(request.param)
    with installation.running(install, tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture(scope="module")
def home(
    home_assistant: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FurnishedHome]:
    """A Home Assistant with our services."""
    with services.furnished(home_assistant, tmp_path_factory.mktemp("services")) as furnished:
        yield furnished


@pytest.fixture(scope="session")
def role() -> None:
    """Skip if this satellite cannot serve Home Assistant."""
    command = [sys.executable, "-m", "satellite", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    if "--listen" not in done.stdout:
        pytest.skip("this satellite has no --listen for Home Assistant")


@pytest.fixture(scope="module")
def satellite(
    role: None, home: FurnishedHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealSatellite]:
    """Our satellite, connected to a Home Assistant with our services."""
    with satellites.connected_satellite(home, tmp_path_factory.mktemp("kitchen")) as connected:
        yield connected
