"""Mute and volume, in PulseAudio or PipeWire and in the mixers of ALSA."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator

from satellite.audio.pulse_server import PulseServer
from satellite.audio.sound_server import ServerDefaults, ServerDevice, SoundServerError
from satellite.components.spec import AUTO, parse
from satellite.diagnostics.doctor.context import Context
from satellite.lib.daemon_thread import program, run_in_daemon_thread
from satellite.lib.finding import Finding, broken, note, ok, warning

QUIET = 15
"""Percent of volume below which speech is hardly audible."""

_CONTROLS = {
    "Capture": ("Capture", "Mic", "ADC", "Internal Mic", "Headset Mic"),
    "Playback": ("Master", "PCM", "Speaker", "Headphone"),
}
"""ALSA controls that all sound of a card passes; others are for extra inputs and outputs."""

_LEVEL = re.compile(r"(Capture|Playback) \d+ \[(\d+)%\](?:.*\[(off)\])?")
"""One channel of a control, as `amixer scontents` prints it."""


async def sound_server(context: Context) -> AsyncGenerator[Finding, None]:
    """Report the sound server, and whether its default microphone and speaker are audible."""
    try:
        defaults = await run_in_daemon_thread(_ask)
    except SoundServerError as error:
        if sockets := list(_sockets(context)):
            yield warning(
                "sound server",
                f"{', '.join(sockets)} exists, but cannot be used: {error}",
                "It belongs to another user or session, which does not share its devices.",
                "run the satellite as that user (systemctl --user; loginctl enable-linger USER)",
            )
        else:
            yield ok("sound server", "none runs; ALSA devices are used directly")
        return
    yield ok("sound server", defaults.server)
    for kind, noun, role, device in (
        ("source", "microphone", "mic", defaults.source),
        ("sink", "speaker", "speaker", defaults.sink),
    ):
        used = uses_sound_server(getattr(context.settings, role))
        if device is not None:
            for finding in judge(kind, noun, device, used=used):
                yield finding
        elif used:
            yield broken(
                noun,
                f"the sound server has no default {kind}",
                {"source": "Nothing can be heard.", "sink": "Nothing can be said."}[kind],
                f"plug one in; pactl list short {kind}s lists those found, and pactl "
                f"set-default-{kind} NAME chooses one",
            )


def judge(kind: str, noun: str, device: ServerDevice, *, used: bool) -> Iterator[Finding]:
    """Judge a default `source` or `sink`; nothing about it is broken unless it is used."""
    about = f"{noun} in the sound server"
    name = device.name
    if device.is_muted:
        unmute = f"pactl set-{kind}-mute {name} 0"
        if used:
            means = {"source": "The satellite hears silence.", "sink": "Nothing is audible."}[kind]
            yield broken(about, f"{name} is muted", means, unmute)
        else:
            yield note(about, f"{name} is muted, and not in use", "", unmute)
    elif device.percent < QUIET:
        yield warning(
            about,
            f"{name} is turned down to {device.percent} %",
            {"source": "Speech is too quiet to be understood.", "sink": "It is hardly audible."}[
                kind
            ],
            f"pactl set-{kind}-volume {name} 80%",
        )
    else:
        yield ok(about, f"{name}, {device.percent} %")
    if kind == "source" and used and device.is_monitor:
        yield note(
            about,
            f"{name} is the output of a speaker, not a microphone",
            "The satellite hears nothing from the room.",
            "pactl list short sources, then pactl set-default-source NAME",
        )


async def mixer(context: Context) -> AsyncGenerator[Finding, None]:
    """Report the controls of sound cards that let no sound through."""
    cards = re.findall(r"^\s*(\d+) \[", context.text("proc/asound/cards") or "", re.MULTILINE)
    for card in cards:
        answer = await program(["amixer", "-c", card, "scontents"])
        if answer is not None and answer.code == 0:
            for finding in silent_controls(card, answer.output):
                yield finding


def silent_controls(card: str, listing: str) -> Iterator[Finding]:
    """Find the controls with no audible channel in the output of `amixer scontents`."""
    for block in listing.split("Simple mixer control '")[1:]:
        name = block.partition("'")[0]
        channels = _LEVEL.findall(block)
        for direction, names in _CONTROLS.items():
            levels = [(percent, off) for way, percent, off in channels if way == direction]
            if name in names and levels and all(off or level == "0" for level, off in levels):
                yield warning(
                    f"mixer of card {card}",
                    f"{name} ({direction.lower()}) is "
                    + ("switched off" if levels[0][1] else "at 0 %"),
                    {"Capture": "The card records silence.", "Playback": "Nothing is audible."}[
                        direction
                    ],
                    f"amixer -c {card} sset '{name}' 80% "
                    f"{'cap' if direction == 'Capture' else 'unmute'}; sudo alsactl store saves it",
                )


def uses_sound_server(component: str) -> bool:
    """Return whether a microphone or speaker component goes through the sound server."""
    if component == AUTO:
        return True
    parsed = parse(component)
    return parsed.plugin in ("portaudio", "pulse") or (
        parsed.plugin == "alsa" and parsed.argument in ("", "default", "pulse", "pipewire")
    )


def _ask() -> ServerDefaults:
    """Ask the sound server of this user; blocks. Raises `SoundServerError`."""
    server = PulseServer()
    try:
        return server.defaults()
    finally:
        server.close()


def _sockets(context: Context) -> Iterator[str]:
    for pattern in ("run/user/*/pulse/native", "run/user/*/pipewire-0", "run/pulse/native"):
        try:
            for path in context.root.glob(pattern):
                yield f"/{path.relative_to(context.root)}"
        except OSError:  # the folders of other users are closed to us
            continue
