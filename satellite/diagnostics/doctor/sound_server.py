"""PulseAudio or PipeWire: reached, and neither muted nor turned down."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Any

import msgspec

from satellite.components.spec import AUTO, parse
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding, broken, note, ok, warning
from satellite.lib.daemon_thread import Answer, program

QUIET = 15
"""Per cent of volume below which hardly anything is heard."""

_KINDS = (("source", "microphone", "mic"), ("sink", "speaker", "speaker"))


class Volume(msgspec.Struct, frozen=True):
    """Loudness of one channel."""

    value_percent: str = "100%"


class Port(msgspec.Struct, frozen=True):
    """A source or a sink, as `pactl --format=json list` tells of it."""

    name: str
    mute: bool = False
    volume: dict[str, Volume] = {}
    sample_specification: str = ""
    state: str = ""

    @property
    def percent(self) -> int:
        """The loudest channel."""
        texts = [channel.value_percent.rstrip("% ") for channel in self.volume.values()]
        return max((int(text) for text in texts if text.isdigit()), default=100)


async def sound_server(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Whether there is one, and what it does to the default microphone and speaker."""
    info = await program(["pactl", "--format=json", "info"])
    if info is None:
        if case.file("run/user").is_dir() and any(_sockets(case)):
            told = "one runs, but pactl, which asks it, is not installed"
            yield note("sound server", told, "", "apt install pulseaudio-utils")
        return
    if info.code != 0:
        yield _unreached(case, info)
        return
    facts: dict[str, Any] = msgspec.json.decode(info.output)
    yield ok("sound server", str(facts.get("server_name", "there is one")))
    for kind, noun, role in _KINDS:
        name = str(facts.get(f"default_{kind}_name", ""))
        answer = await program(["pactl", "--format=json", "list", f"{kind}s"])
        if answer is None or answer.code != 0:
            continue
        ports = {port.name: port for port in msgspec.json.decode(answer.output, type=list[Port])}
        used = through_server(getattr(case.settings, role))
        if name in ports:
            for finding in judge(kind, noun, ports[name], used=used):
                yield finding
        elif used:
            yield broken(
                noun,
                f"the sound server has no default {kind}",
                {"source": "Nothing can be heard.", "sink": "Nothing can be said."}[kind],
                f"plug one in; pactl list short {kind}s shows what there is, and pactl "
                f"set-default-{kind} NAME chooses",
            )


def judge(kind: str, noun: str, port: Port, *, used: bool = True) -> Iterator[Finding]:
    """What a default source or sink is like. Where it is not `used`, nothing of it is broken."""
    about = f"{noun} in the sound server"
    if port.mute:
        means = {"source": "It hears nothing but silence.", "sink": "Nothing of it is heard."}[kind]
        unmute = f"pactl set-{kind}-mute {port.name} 0"
        if used:
            yield broken(about, f"{port.name} is muted", means, unmute)
        else:
            yield note(about, f"{port.name} is muted, and not in use", "", unmute)
    elif port.percent < QUIET:
        yield warning(
            about,
            f"{port.name} is turned down to {port.percent} %",
            {"source": "Words are too soft to be understood.", "sink": "Hardly to be heard."}[kind],
            f"pactl set-{kind}-volume {port.name} 80%",
        )
    else:
        yield ok(about, f"{port.name}, {port.percent} %, {port.sample_specification}")
    if kind == "source" and used and port.name.endswith(".monitor"):
        yield note(
            about,
            f"{port.name} is what a speaker plays, not a microphone",
            "Nobody in the room is heard.",
            "pactl list short sources, then pactl set-default-source NAME",
        )


def through_server(component: str) -> bool:
    """Whether a microphone or speaker is reached through the sound server."""
    if component == AUTO:
        return True
    chosen = parse(component)
    return chosen.plugin == "portaudio" or (
        chosen.plugin == "alsa" and chosen.argument in ("", "default", "pulse", "pipewire")
    )


def _unreached(case: ExaminationInput, answer: Answer) -> Finding:
    if others := list(_sockets(case)):
        return warning(
            "sound server",
            f"one runs ({', '.join(others)}), but cannot be reached: {answer.complaint}",
            "Its devices are not free for us, as it belongs to another user or session.",
            "run the satellite as that user (systemctl --user; loginctl enable-linger USER)",
        )
    return ok("sound server", "none runs: ALSA devices are used directly")


def _sockets(case: ExaminationInput) -> Iterator[str]:
    for pattern in ("run/user/*/pulse/native", "run/user/*/pipewire-0", "run/pulse/native"):
        try:
            yield from ("/" + str(path.relative_to(case.root)) for path in case.root.glob(pattern))
        except OSError:  # other users' folders are theirs
            continue
