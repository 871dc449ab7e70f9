"""Names of adverts and of their hosts, whatever letters a machine's name has."""

from __future__ import annotations

import re
import uuid

import pytest

from satellite.net.discovery.advert import Advert
from satellite.net.uri import Tcp
from tests.net.discovery.test_browser import announced, unique
from tests.net.discovery.test_facts import asked


def named(name: str, port: int = 10700) -> Advert:
    return Advert(role="satellite", bound=Tcp("127.0.0.1", port), name=name)


NAMES = (
    *(
        "厨房",
        "客厅",
        "Küche",
        "Kïche",
        "кухня",
        "живая",
        "living room",
        "living-room",
        "living_room",
    ),
    *("...", "!", "🎤", "🎧", "x" * 200, "厨" * 100),
)


def test_every_name_has_a_host_of_its_own() -> None:
    hosts = [named(name).host for name in NAMES]
    assert len({host.lower() for host in hosts}) == len(NAMES)
    for host in hosts:
        assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.local\.", host)
    assert hosts == [named(name).host for name in NAMES]  # the same at every start


@pytest.mark.parametrize("name", NAMES)
def test_every_instance_name_is_short_enough_and_ends_in_its_role(name: str) -> None:
    instance = named(name).instance
    assert len(instance.encode()) <= 63
    assert instance.endswith(" satellite")
    assert not instance.startswith(" ")


def test_a_blank_name_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "")
    assert named("  ").instance == "satellite satellite"


def test_machines_of_one_name_have_hosts_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    first = named("raspberrypi").host
    monkeypatch.setattr(uuid, "getnode", lambda: 0x0242AC110002)
    assert named("raspberrypi").host != first


async def test_two_satellites_without_ascii_letters_are_both_found_at_their_own_address() -> None:
    mark = unique()
    kitchen, parlour = named(f"厨房{mark}", 10798), named(f"客厅{mark}", 10799)
    async with announced(kitchen) as one, announced(parlour) as other:
        assert (*one, *other) == (kitchen.instance, parlour.instance)
        first, second = await asked(one[0]), await asked(other[0])
        assert (first.port, second.port) == (10798, 10799)
        assert first.server != second.server
        assert (first.server, second.server) == (kitchen.host, parlour.host)
