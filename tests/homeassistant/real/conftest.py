"""Houses: Home Assistants that run, one for all tests of a module."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.homeassistant.real import installation as houses
from tests.homeassistant.real import satellite as kitchens
from tests.homeassistant.real import services
from tests.homeassistant.real.install import VERSIONS, need
from tests.homeassistant.real.installation import Installation
from tests.homeassistant.real.satellite import RealSatellite
from tests.homeassistant.real.services import Home


@pytest.fixture(scope="module", params=VERSIONS)
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """A Home Assistant, of each installed version; of some by `indirect` parameters."""
    install = need(request.param)
    with houses.running(install, tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture(scope="module")
def home(house: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A house with our services in it."""
    with services.furnished(house, tmp_path_factory.mktemp("services")) as furnished:
        yield furnished


@pytest.fixture(scope="session")
def role() -> None:
    """Skips where the satellite cannot be a satellite of Home Assistant."""
    command = [sys.executable, "-m", "satellite", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    if "--listen" not in told.stdout:
        pytest.skip("this satellite has no --listen for Home Assistant")


@pytest.fixture(scope="module")
def kitchen(
    role: None, home: Home, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealSatellite]:
    """A house with our services and our satellite in it, connected."""
    with kitchens.kitchen(home, tmp_path_factory.mktemp("kitchen")) as connected:
        yield connected
