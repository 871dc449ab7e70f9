"""Houses: Home Assistants that run, one for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.homeassistant.real import house as houses
from tests.homeassistant.real import services
from tests.homeassistant.real.house import House
from tests.homeassistant.real.install import VERSIONS, need
from tests.homeassistant.real.services import Home


@pytest.fixture(scope="module", params=VERSIONS)
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A Home Assistant, of each installed version; of some by `indirect` parameters."""
    install = need(request.param)
    with houses.running(install, tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture(scope="module")
def home(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A house with our services in it."""
    with services.furnished(house, tmp_path_factory.mktemp("services")) as furnished:
        yield furnished
