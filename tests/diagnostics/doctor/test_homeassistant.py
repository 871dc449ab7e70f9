"""The services of this machine as Home Assistant sees them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from wyoming.event import Event
from wyoming.info import AsrModel, AsrProgram, Attribution, Info, Satellite
from wyoming.ping import Pong

from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.homeassistant import judge, service, services
from satellite.diagnostics.doctor.port_checks import ExpectedPort
from satellite.lib.finding import Finding
from satellite.net.pairing import Pairing
from satellite.net.remotes.probe import ProbeResult
from satellite.net.uri import Tcp, parse
from satellite.settings import HomeAssistantSettings, ServerSettings, Settings
from servers.serve import serving
from tests.diagnostics.doctor.findings import findings, of, only
from tests.support.engines import ScriptedAsr
from tests.support.peers import stranger
from tests.support.ports import free_port

US = Attribution("Satellite", "")
DEN = Satellite("den", US, True, None, "1", area="den")
ASR = AsrProgram(
    "whisper", US, True, None, "1", models=[AsrModel("base", US, True, None, "1", ["en"])]
)


def port_of(uri: str, role: str = "satellite", host: str = "127.0.0.1") -> ExpectedPort:
    address = parse(uri)
    assert isinstance(address, Tcp)
    setting = "homeassistant.listen" if role == "satellite" else f"server.{role}_port"
    return ExpectedPort(role, host, address.port, role, setting)


@asynccontextmanager
async def satellite(info: Info, *, pong: bool = True) -> AsyncGenerator[str, None]:
    """Run a satellite with this description, which answers pings if `pong`."""
    script = {"describe": [info.event()], "ping": [Pong().event() if pong else None]}
    async with stranger(script) as peer:
        yield peer.uri


async def at(uri: str, role: str = "satellite", host: str = "127.0.0.1") -> list[Finding]:
    return [finding async for finding in service(port_of(uri, role, host), Pairing())]


def judged(info: Event, seconds: float = 0.01) -> list[Finding]:
    answer = ProbeResult(uri="tcp://10.0.0.5:10700", info=info, fastest=seconds, slowest=seconds)
    return list(judge("port 10700", answer))


async def test_a_satellite_on_the_loopback_alone_is_reported() -> None:
    async with satellite(Info(satellite=DEN)) as uri:
        problem = only("broken", await at(uri))
    assert problem.found == "listens on 127.0.0.1 alone"
    assert 'homeassistant.listen = "tcp://0.0.0.0:' in problem.remedy


async def test_an_address_without_an_answer_is_reported() -> None:
    """As behind a firewall: the port is configured for all addresses, and answers at none."""
    async with satellite(Info(satellite=DEN)) as uri:
        found = await at(uri, host="127.0.0.2")
    assert any("Home Assistant cannot connect" in finding.means for finding in found)


async def test_a_satellite_that_answers_is_ok() -> None:
    async with satellite(Info(satellite=DEN)) as uri:
        texts = [finding.found for finding in of("ok", await at(uri))]
    assert texts[0] == f"den: an Assist satellite at {uri}"
    assert texts[1].startswith("describe answered in")
    assert texts[2].startswith("ping answered in")


async def test_a_satellite_that_ignores_pings_is_reported() -> None:
    async with satellite(Info(satellite=DEN), pong=False) as uri:
        assert "ping" in only("warning", await at(uri)).found


async def test_a_server_is_shown_with_its_role() -> None:
    async with serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0") as uri:
        found = of("ok", await at(uri, "asr"))
    assert found[0].found.startswith("speech-to-text (")


def test_roles_beside_a_satellite_are_ignored_by_home_assistant() -> None:
    problem = only("warning", judged(Info(satellite=DEN, asr=[ASR]).event()))
    assert problem.found == "it also offers speech-to-text"
    assert "satellite --server" in problem.remedy


def test_a_port_without_installed_services_is_reported() -> None:
    assert "no services" in only("broken", judged(Info().event())).means


def test_an_invalid_answer_is_reported() -> None:
    assert only("broken", judged(Event("info", {"asr": 7}))).means


def test_a_missing_area_and_a_slow_answer_are_reported() -> None:
    bare = Satellite("den", US, True, None, "1")
    assert "no area" in of("note", judged(Info(satellite=bare).event()))[0].found
    assert "took 2000 ms" in only("warning", judged(Info(satellite=DEN).event(), 2.0)).found


async def test_a_stopped_satellite_is_reported_with_the_command_to_start_it() -> None:
    found = await findings(services, Context(settings=listening_at(free_port())))
    assert "start it: satellite" in only("warning", found).remedy


async def test_a_satellite_without_a_port_is_not_reported() -> None:
    settings = Settings(
        homeassistant=HomeAssistantSettings(listen=""),
        server=ServerSettings(roles=("asr",), asr_port=free_port()),
    )
    assert [finding.state for finding in await findings(services, Context(settings=settings))] == [
        "note"
    ]


async def test_a_running_service_is_found() -> None:
    async with satellite(Info(satellite=DEN)) as uri:
        found = await findings(services, Context(settings=listening_at(port_of(uri).number)))
    assert any("an Assist satellite at" in finding.found for finding in of("ok", found))


def listening_at(port: int) -> Settings:
    """Return settings with the satellite's port, on the loopback."""
    return Settings(
        homeassistant=HomeAssistantSettings(listen=f"tcp://127.0.0.1:{port}"),
        server=ServerSettings(roles=("asr",), asr_port=free_port()),
    )
