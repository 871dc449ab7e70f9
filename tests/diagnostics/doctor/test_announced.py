"""How this machine is announced, as Home Assistant sees it."""

from __future__ import annotations

import pytest

from satellite.diagnostics.doctor.adverts import HeardAdvert
from satellite.diagnostics.doctor.announced import adverts, judge_adverts
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.net.uri import Tcp, parse
from satellite.settings import ServerSettings, Settings
from servers.serve import serving
from tests.diagnostics.doctor.announcing import LOOP, announced, unique
from tests.diagnostics.doctor.examined import findings, only
from tests.support.engines import ScriptedAsr

MINE = {"10.0.0.5", "127.0.0.1"}


def advert(instance: str, *addresses: str, port: int = 10700, **facts: str) -> HeardAdvert:
    return HeardAdvert(instance=instance, port=port, addresses=addresses, facts={**facts})


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
    (found,) = judge_adverts((advert("den satellite", *addresses),), MINE, {10700}, [])
    assert found.state == state, found


def test_two_machines_of_one_name_are_told() -> None:
    heard = (
        advert("den satellite", "10.0.0.5", by="satellite"),
        advert("den satellite-2", "10.0.0.6", by="satellite"),
    )
    problem = only("warning", list(judge_adverts(heard, MINE, {10700}, [])))
    assert "several are called den satellite" in problem.found
    assert 'name = "kitchen"' in problem.remedy


async def test_a_service_that_is_not_announced_is_told_and_one_that_is_is_well() -> None:
    name = unique()
    async with serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0") as uri:
        address = parse(uri)
        assert isinstance(address, Tcp)
        port = address.port
        settings = Settings(server=ServerSettings(roles=("asr",), asr_port=port))
        found = await findings(adverts, ExaminationInput(settings, interfaces=LOOP))
        (problem,) = [f for f in found if f.about == f"port {port}"]
        assert (problem.state, problem.found[:16]) == ("warning", "is not announced")
        async with announced(uri, "asr", name) as instance:
            found = await findings(adverts, ExaminationInput(settings, interfaces=LOOP))
    assert [f.about for f in found if instance in f.about or str(port) == f.about[5:]] == [
        f"advert {instance}"
    ]


async def test_without_zeroconf_it_is_to_be_added_by_hand() -> None:
    (found,) = await findings(adverts, ExaminationInput(Settings(zeroconf=False)))
    assert "by hand" in found.remedy
