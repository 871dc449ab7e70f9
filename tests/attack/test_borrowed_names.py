"""Adverts that borrow the name of a paired or pinned machine: names belong to keys."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wyoming.event import Event

from satellite.net.discovery.advert import Advert
from satellite.net.discovery.browser import Discovery
from satellite.net.discovery.preferences import Preferences
from satellite.net.discovery.remote_service import RemoteService
from satellite.net.pairing import Pairing, policy
from satellite.net.pairing.errors import NotPaired
from satellite.net.pairing.machine_names import imitated, looks_like
from satellite.net.remotes.describe import describe
from satellite.net.uri import Tcp, parse
from servers.serve import serving
from tests.net.discovery.test_browser import LOOP, announced
from tests.net.pairing.machines import Machine, paired
from tests.support.engines import ScriptedLlm
from tests.support.peers import Stranger, stranger, until

HOSTS = ("10.0.0.5",)
PLAIN = ("tcp://10.0.0.5:10600",)

BORROWED = [
    "den llm", "den", "Den llm", "DEN LLM", "den  llm", "den llm 10601", "den llm-2", "den. llm",
    "den.", "den.local llm", "den:10600", "den\u00a0llm", "den-llm", "den_llm", "(den) llm",
    "d\u0435n llm", "\u0501en llm", "d\u200ben llm", "\uff44en llm", "de\u0301n llm",
    "\u202eden llm", "\U0001d41d\U0001d41e\U0001d427 llm", "-den- llm", "den satellite",
]  # fmt: skip


@pytest.mark.parametrize("instance", BORROWED)
@pytest.mark.parametrize("facts", [{}, {"role": "llm"}, {"role": "Satellite"}, {"role": "x"}])
async def test_a_borrowed_name_is_refused(
    tmp_path: Path, instance: str, facts: dict[str, str]
) -> None:
    _, kitchen = paired(tmp_path)
    with pytest.raises(NotPaired, match="paired with this machine"):
        policy.reachable_uris(kitchen.pairing(), instance, facts, HOSTS, PLAIN)


@pytest.mark.parametrize(
    "instance", ["dent llm", "garden llm", "attic llm", "den2 llm", "den-2 llm", "my den llm"]
)
async def test_other_names_are_used_as_before(tmp_path: Path, instance: str) -> None:
    _, kitchen = paired(tmp_path)
    facts = {"role": "llm"}
    assert policy.reachable_uris(kitchen.pairing(), instance, facts, HOSTS, PLAIN) == PLAIN


@pytest.mark.parametrize(
    "port", ["", "0", "65536", "-1", "\u00b2", "\u0661\u0662", "1e3", "9" * 250, "\x00", "10800 "]
)
async def test_a_paired_machine_with_an_odd_port_is_not_used(tmp_path: Path, port: str) -> None:
    """Anybody can announce its key: the fingerprint is no secret."""
    den, kitchen = paired(tmp_path)
    facts = {"role": "llm", "key": den.key.fingerprint, "tls": port}
    assert set(facts) == {"role", policy.KEY_FACT, policy.PORT_FACT}
    with pytest.raises(NotPaired, match="announces no TLS"):
        policy.reachable_uris(kitchen.pairing(), "den llm", facts, HOSTS, PLAIN)
    right = {**facts, "tls": "10800"}
    uris = policy.reachable_uris(kitchen.pairing(), "den llm", right, HOSTS, PLAIN)
    assert uris == ("tls://10.0.0.5:10800/llm",)


@given(name=st.text(min_size=1, max_size=20).filter(lambda text: looks_like(text, text)))
def test_a_name_is_imitated_in_any_case(name: str) -> None:
    for other in (name.upper(), name.lower(), name.swapcase(), name.casefold(), f"{name} llm"):
        if other.casefold().startswith(name.casefold()):
            assert imitated(other, [name]) == name


async def test_a_paired_machine_cannot_take_the_name_of_another_one(tmp_path: Path) -> None:
    den, kitchen = paired(tmp_path)
    attic = Machine(tmp_path, "attic")
    kitchen.knows(attic)
    pairing = kitchen.pairing()
    mine = {"role": "llm", "tls": "10800", "key": attic.key.fingerprint}
    assert policy.true_name(pairing, "den llm", mine) == "attic llm"
    assert policy.true_name(pairing, "attic llm", mine) == "attic llm"
    assert policy.true_name(pairing, "loft llm", mine) == "loft llm"
    theirs = {**mine, "key": den.key.fingerprint}
    assert policy.true_name(pairing, "den llm", theirs) == "den llm"


@pytest.mark.parametrize("pin", ["10.0.0.5", "10.0.0.5:10600", "fd00::5", "[fd00::5]:10600"])
def test_a_pinned_address_is_no_name(pin: str) -> None:
    def server(name: str, uri: str) -> RemoteService:
        return RemoteService(name=name, uri=uri, roles=("llm",))

    preferences = Preferences(pin=(pin,))
    for name in (pin, f"{pin} llm"):
        assert preferences.pinned(server(name, "tcp://10.0.0.9:10600")) == 1
    genuine = "tcp://10.0.0.5:10600" if "." in pin else "tcp://[fd00::5]:10600"
    assert preferences.pinned(server("den llm", genuine)) == 0


async def _language_model() -> Event:
    async with serving("llm", ScriptedLlm([]), "tcp://127.0.0.1:0") as uri:
        return await describe(uri, pairing=Pairing())


def _advert(service: Stranger, name: str, role: str) -> Advert:
    address = parse(service.uri)
    assert isinstance(address, Tcp)
    return Advert(role=role, bound=address, name=name)


async def test_a_server_that_announces_itself_as_a_satellite_is_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Over multicast on the loopback; the refusal is logged once."""
    caplog.set_level(logging.INFO)
    _, kitchen = paired(tmp_path)
    async with stranger({"describe": [await _language_model()]}) as service:
        advert = _advert(service, "den", "satellite")
        discovery = Discovery(interfaces=LOOP, own=True, pairing=kitchen.pairing())
        async with announced(advert) as (name,), asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(discovery.run())
            await until(lambda: name in caplog.text and "announces itself" in caplog.text)
            await asyncio.sleep(2)
            assert discovery.servers("llm") == ()
            looking.cancel()
    lines = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len([line for line in lines if "announces itself as a satellite" in line]) == 1


async def test_a_server_in_plain_is_dropped_once_a_machine_of_its_name_is_paired(
    tmp_path: Path,
) -> None:
    kitchen, den = Machine(tmp_path, "kitchen"), Machine(tmp_path, "den")
    async with stranger({"describe": [await _language_model()]}) as service:
        discovery = Discovery(interfaces=LOOP, own=True, pairing=kitchen.pairing())
        async with announced(_advert(service, "den", "llm")), asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(discovery.run())
            await until(lambda: discovery.servers("llm"))
            kitchen.knows(den)
            discovery.mark_suspect(service.uri)  # at the next check, at the latest
            await until(lambda: not discovery.servers("llm"))
            looking.cancel()
