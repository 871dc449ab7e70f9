"""`satellite discover` shows the ranking of servers and its reasons."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from satellite.cli import discover
from satellite.cli.discover import as_json, order, program_row, programs, ranked
from satellite.net.discovery.remote_service import RemoteService
from satellite.settings import ServersSettings, Settings
from tests.support.openai_programs import PROGRAMS, program

ASR: dict[str, Any] = {"roles": ("asr",), "languages": ("en",)}
SERVERS = (
    RemoteService(name="attic asr", uri="tcp://10.0.0.5:10300", load=0.75, **ASR),
    RemoteService(name="cellar asr", uri="tcp://10.0.0.6:10300", load=0.0, **ASR),
    RemoteService(name="shed asr", uri="tcp://10.0.0.7:10300", **ASR),
    RemoteService(name="den", uri="tcp://10.0.0.8:10700", satellite=True),
)


def places(**wishes: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """The number, the name and the reason of each server of speech-to-text."""
    rankings = ranked(SERVERS, Settings(servers=ServersSettings(**wishes)))
    return [(line[1], line[2], line[3]) for line in order(rankings["asr"])]


def test_every_rank_has_its_reason() -> None:
    assert places(exclude=("shed",)) == [
        ("1", "cellar asr", "has a load of 0%, attic asr has a load of 75%"),
        ("2", "attic asr", "is the last before the built-in engine"),
        ("never", "shed asr", "excluded by servers.exclude"),
    ]
    assert places(pin=("10.0.0.5",), exclude=("shed", "cellar")) == [
        ("1", "attic asr", "is the only one"),
        ("never", "cellar asr", "excluded by servers.exclude"),
        ("never", "shed asr", "excluded by servers.exclude"),
    ]


def test_json_lists_every_reason() -> None:
    rankings = ranked(SERVERS, Settings(servers=ServersSettings(pin=("shed",))))
    listed = {entry["name"]: entry for entry in msgspec.json.decode(as_json(SERVERS, rankings))}
    assert listed["shed asr"]["ranks"]["asr"]["place"] == 1
    assert listed["shed asr"]["ranks"]["asr"]["why"] == "is pinned (1), cellar asr is not pinned"
    assert "has a place free" in listed["cellar asr"]["ranks"]["asr"]["reasons"]
    assert listed["cellar asr"]["load"] == 0.0
    assert listed["den"]["ranks"] == {}


async def test_programs_of_the_configuration_and_of_this_machine_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    async with program(PROGRAMS["Kokoro-FastAPI"]) as (here, asked):
        monkeypatch.setattr(discover, "PORTS", (here.split(":")[2].removesuffix("/v1"), 9))
        async with program(PROGRAMS["LocalAI"]) as (named, _):
            settings = Settings(llm=f"openai:{named}", asr=f"openai:{named}")
            found = await programs(settings, 5)
    assert [program_row(each) for each in found] == [
        ("LocalAI", "asr,llm,tts", f"openai:{named}", "whisper-1"),
        ("Kokoro-FastAPI", "tts", f"openai:{here}", "tts-1, kokoro"),
    ]
    assert not any("Authorization" in request.headers for request in asked)
    listed = msgspec.json.decode(as_json((), {}, found))
    assert [(entry["program"], entry["uri"]) for entry in listed] == [
        ("LocalAI", named),
        ("Kokoro-FastAPI", here),
    ]
