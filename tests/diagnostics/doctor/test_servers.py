"""Servers that were found and servers that were named: answer, role, version."""

from __future__ import annotations

import asyncio
from importlib.metadata import version

import pytest
from wyoming.event import Event

from satellite.diagnostics.doctor.adverts import HeardAdvert
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding
from satellite.diagnostics.doctor.probe import ProbeResult
from satellite.diagnostics.doctor.servers import judge_found, servers
from satellite.net.describe import describe
from satellite.settings import Settings
from servers.serve import serving
from tests.diagnostics.doctor.announcing import LOOP, announced, unique
from tests.diagnostics.doctor.examined import findings, of, only
from tests.support.engines import ScriptedAsr, ScriptedTts
from tests.support.peers import stranger


async def named(found: str, *, look: bool = True, **settings: str) -> list[Finding]:
    """What is found of the servers whose names contain a text."""
    chosen = Settings(zeroconf=look, **settings)  # type: ignore[arg-type]
    every = await findings(servers, ExaminationInput(chosen, interfaces=LOOP))
    return [finding for finding in every if found in finding.about]


async def test_a_server_of_another_version_is_told() -> None:
    name = unique()
    async with (
        serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0") as uri,
        announced(uri, "asr", name, version="0.0.1"),
    ):
        problem = only("warning", await named(name))
    assert f"it is version 0.0.1, this satellite {version('satellite')}" in problem.found
    assert "pip install --upgrade satellite" in problem.remedy


async def test_a_server_of_this_version_is_well() -> None:
    name = unique()
    async with (
        serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0") as uri,
        announced(uri, "asr", name, version=version("satellite")),
    ):
        (found,) = await named(name)
    assert found.state == "ok"
    assert f"asr at {uri}, described in" in found.found


async def test_a_server_that_is_announced_and_gone_is_told() -> None:
    name = unique()
    async with serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0") as uri:
        pass
    async with announced(uri, "asr", name):
        problem = only("warning", await named(name))
    assert "is announced, but cannot be used" in problem.found


async def test_a_named_server_that_is_gone_is_broken_and_one_that_was_found_is_offered() -> None:
    name = unique()
    async with serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as old:
        pass
    async with (
        serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as uri,
        announced(uri, "tts", name),
    ):
        problem = only("broken", await named("tts = ", tts=old))
    assert old in problem.about
    assert "satellite --server" in problem.remedy
    assert "one is found at tcp://" in problem.remedy


async def test_a_named_server_of_another_role_is_broken() -> None:
    async with serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as uri:
        problem = only("broken", await named("asr = ", look=False, asr=uri))
    assert problem.found == "it serves tts, not asr"


async def test_a_named_server_that_does_its_work_is_well() -> None:
    async with serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0") as uri:
        (found,) = await named("asr = ", look=False, asr=uri)
    assert found.state == "ok"


async def test_a_program_that_does_not_speak_wyoming_is_told() -> None:
    async with stranger({"describe": [Event("info", {"asr": 7})]}) as service:
        problem = (await named("asr = ", look=False, asr=service.uri))[0]
    assert problem.state == "broken"
    assert "Wyoming" in problem.found


async def test_without_zeroconf_nobody_is_looked_for() -> None:
    began = asyncio.get_running_loop().time()
    found = await findings(servers, ExaminationInput(Settings(zeroconf=False)))
    assert asyncio.get_running_loop().time() - began < 1
    assert [finding.state for finding in found] == ["note"]


@pytest.mark.parametrize(("seconds", "state"), [(0.01, "ok"), (0.8, "warning")])
async def test_a_slow_server_is_told(seconds: float, state: str) -> None:
    async with serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0") as uri:
        info = await describe(uri)
    asked = ProbeResult(uri="tcp://10.0.0.5:10300", info=info, fastest=seconds, slowest=seconds)
    (found,) = judge_found(HeardAdvert(instance="cellar asr"), asked)
    assert found.state == state
    assert of(state, [found])
