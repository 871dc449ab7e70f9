"""A muted or quiet microphone in a real PulseAudio, and in the mixers of ALSA."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.mute_and_volume import silent_controls, sound_server
from satellite.settings import Settings
from tests.diagnostics.doctor.findings import findings, of, only
from tests.support.debian import need
from tests.support.pulse import MICROPHONE, SPEAKER, PulseServer

SERVER = Settings(mic="alsa:pulse", speaker="alsa:pulse")
DIRECT = Settings(mic="alsa:plughw:1,0", speaker="alsa:plughw:1,0")


def pactl(*arguments: str) -> None:
    subprocess.run(["pactl", *arguments], check=True, timeout=10)


@pytest.mark.usefixtures("pulse")
async def test_a_muted_microphone_is_reported_with_its_remedy() -> None:
    pactl("set-source-mute", MICROPHONE, "1")
    problem = only("broken", await findings(sound_server, Context(settings=SERVER)))
    assert problem.found == f"{MICROPHONE} is muted"
    pactl(*problem.remedy.split()[1:])
    assert of("broken", await findings(sound_server, Context(settings=SERVER))) == []


@pytest.mark.usefixtures("pulse")
async def test_a_muted_speaker_is_reported_with_its_remedy() -> None:
    pactl("set-sink-mute", SPEAKER, "1")
    problem = only("broken", await findings(sound_server, Context(settings=SERVER)))
    assert problem.found == f"{SPEAKER} is muted"
    assert problem.remedy == f"pactl set-sink-mute {SPEAKER} 0"


@pytest.mark.usefixtures("pulse")
async def test_a_muted_device_that_is_not_in_use_is_a_note() -> None:
    pactl("set-source-mute", MICROPHONE, "1")
    found = await findings(sound_server, Context(settings=DIRECT))
    assert of("broken", found) == []
    assert "not in use" in of("note", found)[0].found


@pytest.mark.usefixtures("pulse")
async def test_a_quiet_microphone_is_a_warning() -> None:
    pactl("set-source-volume", MICROPHONE, "5%")
    problem = only("warning", await findings(sound_server, Context(settings=SERVER)))
    assert "turned down to 5 %" in problem.found


@pytest.mark.usefixtures("pulse")
async def test_a_monitor_is_not_a_microphone() -> None:
    (noted,) = of("note", await findings(sound_server, Context(settings=SERVER)))
    assert "not a microphone" in noted.found


async def test_a_sound_server_of_another_user_is_reported(
    pulse: PulseServer, tmp_path: Path
) -> None:
    pulse.kill()
    socket = tmp_path / "run/user/1000/pulse/native"
    socket.parent.mkdir(parents=True)
    socket.touch()
    problem = only(
        "warning",
        await findings(sound_server, Context(settings=SERVER, root=tmp_path)),
    )
    assert "/run/user/1000/pulse/native" in problem.found
    assert "systemctl --user" in problem.remedy


@pytest.mark.usefixtures("pulse")
def test_a_muted_control_of_a_card_is_reported() -> None:
    """PulseAudio's mixer stands in for a card's: the listing is amixer's own."""
    need("amixer", "alsa-utils")
    assert list(silent_controls("1", listing())) == []
    pactl("set-source-mute", MICROPHONE, "1")
    (problem,) = silent_controls("1", listing())
    assert problem.found == "Capture (capture) is switched off"
    assert "amixer -c 1 sset 'Capture' 80% cap" in problem.remedy


def test_a_control_at_zero_is_reported_and_extra_controls_are_not() -> None:
    text = (
        "Simple mixer control 'Mic',0\n  Capture channels: Mono\n  Mono: Capture 0 [0%] [0.00dB]\n"
        "Simple mixer control 'Mic Boost',0\n  Mono: Capture 0 [0%] [off]\n"
        "Simple mixer control 'Master',0\n  Front Left: Playback 9 [30%] [on]\n"
        "  Front Right: Playback 0 [0%] [off]\n"
    )
    (problem,) = silent_controls("0", text)
    assert problem.found == "Mic (capture) is at 0 %"


def listing() -> str:
    return subprocess.run(
        ["amixer", "-D", "default", "scontents"],
        env={**os.environ, "LC_ALL": "C"},
        check=True,
        capture_output=True,
        text=True,
        timeout=10,
    ).stdout
