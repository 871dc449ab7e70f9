"""Servers on the LAN and in the configuration: answer, role, version."""

from __future__ import annotations

import asyncio

import pytest
from wyoming.event import Event

from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.servers import judge_found, servers
from satellite.lib.finding import Finding
from satellite.net.discovery.services import AdvertisedService
from satellite.net.pairing import Pairing
from satellite.net.remotes.describe import describe
from satellite.net.remotes.probe import ProbeResult
from satellite.requirements import install_command, own_version
from satellite.settings import Settings
from servers.serve import serving
from tests.diagnostics.doctor.adverts import LOOP, announced, unique
from tests.diagnostics.doctor.findings import findings, only
from tests.support.engines import ScriptedAsr, ScriptedTts
from tests.support.peers import stranger


async def about(text: str, *, look: bool = True, **settings: str) -> list[Finding]:
    """Return the findings about the servers whose names contain a text."""
    chosen = Settings(zeroconf=look, **settings)  # type: ignore[arg-type]
    found = await findings(servers, Context(settings=chosen, interfaces=LOOP))
    return [finding for finding in found if text in finding.about]


async def test_a_server_of_another_version_is_reported() -> None:
    name = unique()
    async with (
        serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0") as uri,
        announced(uri, "asr", name, version="0.0.1"),
    ):
        problem = only("warning", await about(name))
    assert f"it is version 0.0.1, this satellite {own_version()}" in problem.found
    assert install_command(upgrade=True) in problem.remedy


async def test_a_server_of_this_version_is_ok() -> None:
    name = unique()
    async with (
        serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0") as uri,
        announced(uri, "asr", name, version=own_version()),
    ):
        (found,) = await about(name)
    assert found.state == "ok"
    assert f"asr at {uri}, described in" in found.found


async def test_an_announced_server_without_an_answer_is_reported() -> None:
    name = unique()
    async with serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0") as uri:
        pass
    async with announced(uri, "asr", name):
        problem = only("warning", await about(name))
    assert "is announced, but cannot be used" in problem.found


async def test_for_a_missing_server_of_the_configuration_another_one_is_suggested() -> None:
    name = unique()
    async with serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as old:
        pass
    async with (
        serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as uri,
        announced(uri, "tts", name),
    ):
        problem = only("broken", await about("tts = ", tts=old))
    assert old in problem.about
    assert "satellite --server" in problem.remedy
    assert "there is one at tcp://" in problem.remedy


async def test_a_server_of_another_role_is_broken() -> None:
    async with serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as uri:
        problem = only("broken", await about("asr = ", look=False, asr=uri))
    assert problem.found == "it serves tts, not asr"


async def test_a_working_server_of_the_configuration_is_ok() -> None:
    async with serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0") as uri:
        (found,) = await about("asr = ", look=False, asr=uri)
    assert found.state == "ok"


async def test_a_program_that_does_not_speak_wyoming_is_reported() -> None:
    async with stranger({"describe": [Event("info", {"asr": 7})]}) as service:
        problem = (await about("asr = ", look=False, asr=service.uri))[0]
    assert problem.state == "broken"
    assert "Wyoming" in problem.found


async def test_without_zeroconf_no_server_is_searched() -> None:
    began = asyncio.get_running_loop().time()
    found = await findings(servers, Context(settings=Settings(zeroconf=False)))
    assert asyncio.get_running_loop().time() - began < 1
    assert [finding.state for finding in found] == ["note"]


@pytest.mark.parametrize(("seconds", "state"), [(0.01, "ok"), (0.8, "warning")])
async def test_a_slow_server_is_reported(seconds: float, state: str) -> None:
    async with serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0") as uri:
        info = await describe(uri, pairing=Pairing())
    answer = ProbeResult(uri="tcp://10.0.0.5:10300", info=info, fastest=seconds, slowest=seconds)
    assert judge_found(AdvertisedService(instance="cellar asr"), answer).state == state
