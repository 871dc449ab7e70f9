"""The microphones and speakers of this machine, and those that `auto` stands for."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args

import msgspec

from satellite import requirements
from satellite.audio.pulse_server import PulseServer
from satellite.audio.sound_server import SoundServerError
from satellite.builtin.audio.portaudio_host import HOST, REQUIRES
from satellite.builtin.audio.program import open_error
from satellite.errors import DeviceBusy, DeviceForbidden, DeviceMissing
from satellite.lib.platform import system

_LOGGER = logging.getLogger(__name__)

_PROGRAM = 5.0
"""Seconds for arecord and aplay to list or try a device; a sound server may be involved."""

_NOT_DEVICES = {
    *("null", "lavrate", "samplerate", "speexrate", "speex"),
    *("jack", "oss", "upmix", "vdownmix", "usbstream"),
}
"""Names in ALSA's list that convert for other devices, or lead to none."""

Direction = Literal["in", "out"]

_WORDS = {"in": ("microphone", "arecord", "--mic"), "out": ("speaker", "aplay", "--speaker")}


class DeviceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A microphone (`in`) or a speaker (`out`)."""

    direction: Direction
    component: str
    """The value for `--mic` or `--speaker`."""
    description: str
    rate: int | None = None
    """The device's own sample rate in Hz; None if unknown."""
    channels: int | None = None
    """Its number of channels; None if unknown."""
    default: bool = False
    """Whether `auto` stands for it."""
    identity: str = ""
    """Equal for components that lead to the same device, as `hw:1,0`; empty if unknown."""


def list_devices() -> list[DeviceInfo]:
    """List the sound server's devices, then those of ALSA's programs and of PortAudio, microphones
    first. A device that several of them offer is listed once. Blocks for some 0.2 s.
    """
    portaudio = _portaudio()
    found: list[DeviceInfo] = []
    for direction in get_args(Direction):
        of_portaudio = [device for device in portaudio if device.direction == direction]
        found += merged([*_pulse(direction), *_alsa(direction), *of_portaudio])
    return found


def merged(devices: Iterable[DeviceInfo]) -> list[DeviceInfo]:
    """Merge the devices of one direction that are the same: the same sound card, or ALSA's name.

    The first is listed, with the facts that it lacks from the others.
    """
    found: dict[str, DeviceInfo] = {}
    for number, device in enumerate(devices):
        key = device.identity or str(number)
        first = found.get(key, device)
        found[key] = msgspec.structs.replace(
            first,
            rate=first.rate or device.rate,
            channels=first.channels or device.channels,
            default=first.default or device.default,
        )
    return [*found.values()]


def default_mic() -> str:
    """Return the component for `--mic auto`. Raises `DeviceMissing`, with the remedy."""
    return _default("in")


def default_speaker() -> str:
    """Return the component for `--speaker auto`. Raises `DeviceMissing`, with the remedy."""
    return _default("out")


def _default(direction: Direction) -> str:
    """Return PortAudio's default device if it has one, otherwise ALSA's if it can be opened."""
    noun, program, flag = _WORDS[direction]
    if any(device.default for device in _portaudio() if device.direction == direction):
        return "portaudio"
    if not system.is_linux():
        raise _none(noun, flag)
    if hint := requirements.Program(program, debian="alsa-utils").missing():
        raise DeviceMissing(f"no {noun} found, and {hint}")  # the hint has a remedy
    refusal = _refusal(program)
    if refusal is None:
        return "alsa"
    _LOGGER.debug("the default %s: %s: %s", noun, program, refusal)
    kind = type(open_error(refusal))
    if kind is DeviceBusy:
        raise DeviceBusy(
            f"another program uses the default {noun}",
            f"stop it, or choose a device with {flag} (satellite devices lists them)",
        )
    if kind is DeviceForbidden:
        raise DeviceForbidden(
            f"no permission to use the default {noun}",
            "sudo usermod -aG audio $USER, then log in again",
        )
    raise _none(noun, flag)


def _none(noun: str, flag: str) -> DeviceMissing:
    return DeviceMissing(
        f"no {noun} found", f"connect one, or name one with {flag} (satellite devices lists them)"
    )


def _pulse(direction: Direction) -> list[DeviceInfo]:
    """Return the sources or sinks of the sound server, monitors left out; none without one."""
    program = {"in": "parec", "out": "pacat"}[direction]
    if shutil.which(program) is None:
        return []
    try:
        server = PulseServer()
        try:
            devices = server.sources() if direction == "in" else server.sinks()
        finally:
            server.close()
    except SoundServerError as error:
        _LOGGER.debug("the sound server's devices are not listed: %s", error)
        return []
    return [
        DeviceInfo(
            direction=direction,
            component=f"pulse:{device.name}",
            description=device.description,
            rate=device.rate,
            channels=device.channels,
            identity=_card(*device.card) if device.card else "",
        )
        for device in devices
        if not device.is_monitor
    ]


def _portaudio() -> list[DeviceInfo]:
    if any(need.missing() for need in REQUIRES):
        return []
    return HOST.ask(lambda library: [*_of_portaudio(library, "in"), *_of_portaudio(library, "out")])


def _of_portaudio(library: Any, direction: Direction) -> Iterator[DeviceInfo]:
    most = "max_input_channels" if direction == "in" else "max_output_channels"
    default = library.default.device[0 if direction == "in" else 1]
    hosts = library.query_hostapis()
    for device in library.query_devices():
        if device[most] > 0:
            yield DeviceInfo(
                direction=direction,
                component=f"portaudio:{device['name']}",
                description=f"{device['name']} ({hosts[device['hostapi']]['name']})",
                rate=int(device["default_samplerate"]),
                channels=device[most],
                default=device["index"] == default,
                identity=_identity(device["name"], hosts[device["hostapi"]]["name"]),
            )


def _alsa(direction: Direction) -> Iterator[DeviceInfo]:
    """ALSA's named devices (`-L`), and each card's (`-l`) as plughw, which converts formats."""
    program = _WORDS[direction][1]
    seen = set()
    for card, device, description in cards(_output(program, "-l")):
        seen.add(f"plughw:{card},{device}")
        yield DeviceInfo(
            direction=direction,
            component=f"alsa:plughw:{card},{device}",
            description=description,
            identity=_card(card, device),
        )
    for name, description in names(_output(program, "-L")):
        if name not in seen:
            yield DeviceInfo(
                direction=direction,
                component=f"alsa:{name}",
                description=description,
                identity=name,
            )


def _card(card: int, device: int) -> str:
    return f"hw:{card},{device}"


def _identity(name: str, host: str) -> str:
    """Return ALSA's name of a device of PortAudio; for a sound card, as `hw:1,0`."""
    if host != "ALSA":
        return ""
    card = re.search(r"\((hw:\d+,\d+)\)$", name)
    return card[1] if card else name


def cards(listing: str) -> list[tuple[int, int, str]]:
    """Return card, device and description from the output of `arecord -l`."""
    line = re.compile(r"^card (\d+): \S+ \[(.*?)\], device (\d+): .*?\[(.*?)\]", re.MULTILINE)
    return [
        (int(card), int(device), f"{name}, {part}" if part else name)
        for card, name, device, part in line.findall(listing)
    ]


def names(listing: str) -> list[tuple[str, str]]:
    """Return name and description from the output of `arecord -L`, without cards (see `cards`)."""
    found: list[tuple[str, str]] = []
    for line in listing.splitlines():
        if not line[:1].isspace():
            found.append((line.strip(), ""))
        elif found and not found[-1][1]:
            found[-1] = (found[-1][0], line.strip())
    return [
        (name, description or name)
        for name, description in found
        if name and ":" not in name and name not in _NOT_DEVICES
    ]


def _refusal(program: str) -> str | None:
    """Try the default device with one sample; return why it cannot be opened, None if it can."""
    file = "/dev/zero" if program == "aplay" else "/dev/null"
    try:
        done = subprocess.run(
            [program, "-q", "-t", "raw", "-f", "S16_LE", "-r", "16000", "--samples=16", file],
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=_PROGRAM,
        )
    except subprocess.TimeoutExpired:
        return f"no answer from the default device within {_PROGRAM:g} s"
    if done.returncode == 0:
        return None
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"ended with status {done.returncode}"


def _output(program: str, option: str) -> str:
    """Return the output of a program; empty if it is missing or hangs."""
    if shutil.which(program) is None:
        return ""
    try:
        return subprocess.run(
            [program, option], capture_output=True, text=True, timeout=_PROGRAM
        ).stdout
    except subprocess.TimeoutExpired:
        return ""
