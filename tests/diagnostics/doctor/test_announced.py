"""The adverts of this machine, as Home Assistant sees them."""

from __future__ import annotations

import pytest

from satellite.diagnostics.doctor.announced import adverts, judge_adverts
from satellite.diagnostics.doctor.context import Context
from satellite.net.discovery.services import AdvertisedService
from satellite.net.uri import Tcp, parse
from satellite.settings import ServerSettings, Settings
from servers.serve import serving
from tests.diagnostics.doctor.adverts import LOOP, announced, unique
from tests.diagnostics.doctor.findings import findings, only
from tests.support.engines import ScriptedAsr

MINE = {"10.0.0.5", "127.0.0.1"}


def service(instance: str, *addresses: str, port: int = 10700, **facts: str) -> AdvertisedService:
    return AdvertisedService(instance=instance, port=port, addresses=addresses, facts=facts)


@pytest.mark.parametrize(
    ("addresses", "state"),
    [
        (("10.0.0.5",), "ok"),
        (("127.0.0.1",), "broken"),
        (("0.0.0.0",), "broken"),
        (("10.0.0.5", "127.0.0.1"), "warning"),
        (("10.0.0.5", "10.0.0.9"), "warning"),
    ],
)
def test_the_addresses_of_an_advert(addresses: tuple[str, ...], state: str) -> None:
    (found,) = judge_adverts((service("den satellite", *addresses),), MINE, {10700}, [])
    assert found.state == state, found


def test_two_machines_of_one_name_are_reported() -> None:
    services = (
        service("den satellite", "10.0.0.5", by="satellite"),
        service("den satellite-2", "10.0.0.6", by="satellite"),
    )
    problem = only("warning", list(judge_adverts(services, MINE, {10700}, [])))
    assert "several are called den satellite" in problem.found
    assert 'name = "kitchen"' in problem.remedy


async def test_a_service_without_an_advert_is_reported() -> None:
    name = unique()
    async with serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0") as uri:
        address = parse(uri)
        assert isinstance(address, Tcp)
        port = address.port
        settings = Settings(server=ServerSettings(roles=("asr",), asr_port=port))
        found = await findings(adverts, Context(settings=settings, interfaces=LOOP))
        (problem,) = [f for f in found if f.about == f"port {port}"]
        assert (problem.state, problem.found[:16]) == ("warning", "is not announced")
        async with announced(uri, "asr", name) as instance:
            found = await findings(adverts, Context(settings=settings, interfaces=LOOP))
    assert [f.about for f in found if instance in f.about or str(port) == f.about[5:]] == [
        f"advert {instance}"
    ]


async def test_without_zeroconf_the_satellite_is_added_by_hand() -> None:
    (found,) = await findings(adverts, Context(settings=Settings(zeroconf=False)))
    assert "by hand" in found.remedy
