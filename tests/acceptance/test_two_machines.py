"""Turns with the engines on a server found by zeroconf."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import requests
from tests.support.netns import Namespace
from tests.support.program import Program, satellite

pytestmark = pytest.mark.timeout(300)

PORTS = {"asr": 10300, "llm": 10600, "tts": 10200}


def check_remote_turn(program: Program, text: str) -> None:
    """Check that the turn was answered, every stage by a server."""
    finals = [event for event in program.events("transcript") if event["final"]]
    assert [event["text"] for event in finals] == [text], program.report()
    assert [event["outcome"] for event in program.events("turn_end")] == ["answered"]
    assert program.events("failover") == [], program.report()
    replies = [event for event in program.events("reply") if event["final"]]
    for event in (*finals, *replies):
        assert event["engine"].startswith("tcp://"), program.report()
    found = {event["role"] for event in program.events("server_found")}
    assert found >= {"asr", "llm", "tts"}, program.report()


def listen(folder: Path, request: Path) -> tuple[str, ...]:
    return ("--mic", f"wav:{request}", "--speaker", f"wav:{folder / 'out.wav'}")


def request_in(folder: Path) -> tuple[Path, str]:
    """A recorded request if there are recordings; otherwise a synthetic one."""
    try:
        return requests.recorded_request(folder / "in.wav"), requests.LAMP
    except pytest.skip.Exception:
        text = "what time is it"
        return requests.spoken_request(folder / "in.wav", text), text


def test_two_network_namespaces(tmp_path: Path, namespaces: tuple[Namespace, Namespace]) -> None:
    kitchen, cellar = namespaces
    request, text = request_in(tmp_path)
    with satellite(tmp_path, "--server", prefix=cellar.prefix, name="server") as server:
        server.wait_for("ready")
        arguments = listen(tmp_path, request)
        with satellite(tmp_path, *arguments, prefix=kitchen.prefix) as program:
            assert program.finish() == 0, program.report()
            check_remote_turn(program, text)
        assert requests.sound_in(tmp_path / "out.wav") > 1.0
        listed = subprocess.run(
            [*kitchen.prefix, sys.executable, "-m", "satellite", "discover", "--json"],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        servers = json.loads(listed.stdout)
        assert {role for server in servers for role in server["roles"]} >= {"asr", "llm", "tts"}


def test_two_processes_on_one_machine(tmp_path: Path, namespace: Namespace) -> None:
    request, text = request_in(tmp_path)
    with satellite(tmp_path, "--server", prefix=namespace.prefix, name="server") as server:
        server.wait_for("ready")
        with satellite(tmp_path, *listen(tmp_path, request), prefix=namespace.prefix) as program:
            assert program.finish() == 0, program.report()
            check_remote_turn(program, text)


def test_without_servers_the_built_in_engines_answer(tmp_path: Path, namespace: Namespace) -> None:
    request, text = request_in(tmp_path)
    with satellite(tmp_path, *listen(tmp_path, request), prefix=namespace.prefix) as program:
        assert program.finish() == 0, program.report()
        (final,) = [event for event in program.events("transcript") if event["final"]]
        assert (final["text"], final["engine"]) == (text, "pocketsphinx"), program.report()


def test_a_stopped_server_disappears_from_the_network(
    tmp_path: Path, namespaces: tuple[Namespace, Namespace]
) -> None:
    kitchen, cellar = namespaces
    quiet = ("--mic", "command:cat /dev/zero", "--speaker", f"wav:{tmp_path / 'out.wav'}")
    with satellite(tmp_path, "--server", prefix=cellar.prefix, name="server") as server:
        server.wait_for("ready")
        with satellite(tmp_path, *quiet, prefix=kitchen.prefix) as program:
            found = {(event["role"], event["uri"]) for event in program.wait_for("server_found", 3)}
            server.stop()
            lost = {
                (event["role"], event["uri"])
                for event in program.wait_for("server_lost", 3, timeout=5.0)
            }
            assert lost == found, program.report()
