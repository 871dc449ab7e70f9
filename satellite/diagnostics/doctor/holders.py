"""Who has the sound devices open, and whether that keeps us from them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator

from satellite.components.spec import AUTO, parse
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding, broken, note, ok, warning
from satellite.diagnostics.doctor.processes import Process, everything_is_seen, open_files
from satellite.lib.daemon_thread import run_in_daemon_thread

SOUND = "dev/snd"
"""Where the kernel shows its sound devices."""

SOUND_SERVERS = ("pulseaudio", "pipewire", "pipewire-pulse", "wireplumber")
"""Programs that hold devices so that others can share them."""


async def holders(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Who has a sound device open, and whether that keeps us from it."""
    held = await run_in_daemon_thread(lambda: _held(case))
    if not held:
        if case.file(SOUND).is_dir() and not everything_is_seen():
            told = "no program of this user's holds one; those of others are not to be seen"
            yield note("who holds devices", told, "", "sudo satellite doctor audio sees all")
        return
    direct = any(_direct(case, role) for role in ("mic", "speaker"))
    for device, process in held.items():
        found = f"{device} is open in {process}"
        stop = f"stop it (kill {process.pid}), or let both go through PipeWire or PulseAudio"
        if process.name in SOUND_SERVERS:
            if direct:
                yield warning(
                    "who holds devices",
                    found,
                    "mic or speaker is set to the device itself, which it may not give away.",
                    "set mic and speaker to auto, so that sound goes through the sound server",
                )
            else:
                yield ok("who holds devices", f"{found}, which shares it")
        elif process.ours:
            yield note("who holds devices", found, "A satellite is running.", "")
        else:
            means = "A device can often be opened only once: the satellite may not get it."
            yield broken("who holds devices", found, means, stop)


def _held(case: ExaminationInput) -> dict[str, Process]:
    """Sound devices (not mere controls) that are open, by their names."""
    folder = str(case.file(SOUND)) + "/"
    return {
        _name(target): process
        for process, target in open_files(case)
        if target.startswith(folder) and "pcm" in target
    }


def _name(target: str) -> str:
    """A device by the words of people: card, number and direction (`pcmC1D0c`)."""
    node = target.rpartition("/")[2]
    kind = {"c": "microphone", "p": "speaker"}.get(node[-1:], "device")
    card, _, device = node.removeprefix("pcmC").rstrip("cp").partition("D")
    return f"{kind} {card},{device} ({node})"


def _direct(case: ExaminationInput, role: str) -> bool:
    text = getattr(case.settings, role)
    return text != AUTO and parse(text).plugin == "alsa" and "hw:" in parse(text).argument


def in_use(case: ExaminationInput) -> Iterator[Process]:
    """Programs, but for sound servers, that have a sound device open."""
    for process in _held(case).values():
        if process.name not in SOUND_SERVERS:
            yield process
