"""The program itself, with real engines, and a Home Assistant that is killed within a turn."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from satellite.audio.wavfile import write_wav
from satellite.values import SPEECH
from tests.support.program import Program, satellite
from tests.support.scripted_home_assistant import ScriptedHomeAssistant, connected_home_assistant
from tests.support.speech import silence, speak

ENGINES = ("--wake", "openwakeword:okay_nabu", "--asr", "pocketsphinx", "--llm", "intents")


def room(file: Path, requests: int) -> Path:
    """Return three seconds of silence, to connect, and then several requests."""
    wake, asked = speak("okay nabu", voice="en-us+m3"), speak("what time is it")
    once = wake + silence(0.8) + asked + silence(4.0)
    write_wav(file, SPEECH, silence(3.0) + once * requests)
    return file


def program(folder: Path, requests: int) -> tuple[str, ...]:
    mic, speaker = room(folder / "room.wav", requests), folder / "heard.wav"
    return (
        *("--mic", f"wav:{mic}", "--speaker", f"wav:{speaker}", "--tts", "espeak"),
        *(*ENGINES, "--no-zeroconf", "--name", "kitchen", "--listen", "tcp://127.0.0.1:0"),
    )


def port(running: Program) -> str:
    found = re.search(r"reach this satellite at (tcp://\S+)", running.errors())
    assert found, running.errors()
    return found[1]


async def reach(stage: str, home: ScriptedHomeAssistant) -> None:
    await home.expect("detection")
    await home.send("transcribe", language="en")
    await home.expect("audio-chunk")
    if stage == "audio":
        return
    await home.expect("audio-stop")
    await home.send("transcript", text="what time is it")
    if stage == "synthesize":
        await home.send("synthesize", text="It is late.", voice=None)


@pytest.mark.parametrize("stage", ["audio", "synthesize"])
async def test_the_satellite_answers_when_home_assistant_is_killed_within_a_turn(
    stage: str, tmp_path: Path
) -> None:
    with satellite(tmp_path, *program(tmp_path, 2)) as running:
        await asyncio.to_thread(running.wait_for, "ready")
        async with connected_home_assistant(port(running), patience=12.0) as home:
            await reach(stage, home)
            home.leave()
        await asyncio.to_thread(running.wait_for, "turn_end", 2)
        assert await asyncio.to_thread(running.finish) == 0, running.report()
        assert [event["outcome"] for event in running.events("turn_end")] == ["answered"] * 2
        first, second = (event["turn"] for event in running.events("wake"))
        (failover,) = running.events("failover")
        assert (failover["from"], failover["to"], failover["turn"]) == (
            "homeassistant",
            "local",
            first,
        )
        engines = {e["turn"]: e["engine"] for e in running.events("transcript") if e["final"]}
        assert engines == {
            first: "pocketsphinx" if stage == "audio" else "homeassistant",
            second: "pocketsphinx",
        }
        ends = {event["turn"]: event["mono"] for event in running.events("turn_end")}
        idle = [e["mono"] for e in running.events("phase") if e["phase"] == "idle"]
        assert all(any(0 <= at - end < 1.0 for at in idle) for end in ends.values())
