"""The microphones and speakers of this machine, and which of them `auto` means."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from satellite import requirements
from satellite.builtin.audio.portaudio_host import HOST, REQUIRES
from satellite.builtin.audio.program import open_error
from satellite.errors import DeviceMissing

_PROGRAM = 5.0
"""Seconds for arecord and aplay to list or to try a device; a sound server may be asked."""

_NOT_DEVICES = {
    *("null", "lavrate", "samplerate", "speexrate", "speex"),
    *("jack", "oss", "upmix", "vdownmix", "usbstream"),
}
"""Names in ALSA's list that convert for other devices, or lead nowhere."""

Direction = Literal["in", "out"]

_WORDS = {"in": ("microphone", "arecord", "--mic"), "out": ("speaker", "aplay", "--speaker")}


class DeviceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A microphone (`in`) or a speaker (`out`)."""

    direction: Direction
    component: str
    """What to give to `--mic` or `--speaker`."""
    description: str
    rate: int | None = None
    """The device's own sample rate in Hz, where it is known."""
    channels: int | None = None
    """The most channels it has, where that is known."""
    default: bool = False


def list_devices() -> list[DeviceInfo]:
    """List what PortAudio and ALSA's programs find, microphones first. Blocks for some 0.2 s."""
    found = [*_portaudio(), *_alsa("in"), *_alsa("out")]
    return sorted(found, key=lambda device: device.direction)


def default_mic() -> str:
    """The component that `--mic auto` means. Raises `DeviceMissing`, saying what to do."""
    return _default("in")


def default_speaker() -> str:
    """The component that `--speaker auto` means. Raises `DeviceMissing`, saying what to do."""
    return _default("out")


def _default(direction: Direction) -> str:
    """PortAudio's default device where there is one, else ALSA's where it can be opened."""
    noun, program, flag = _WORDS[direction]
    missing = next((hint for need in REQUIRES if (hint := need.missing())), None)
    if missing is None:
        if any(device.default for device in _portaudio() if device.direction == direction):
            return "portaudio"
        missing = "PortAudio has no default device"
    looked = [missing]
    kind = DeviceMissing
    if hint := requirements.Program(program, debian="alsa-utils").missing():
        looked.append(hint)
    elif refusal := _refusal(program):
        looked.append(f"{program}: {refusal}")
        kind = type(open_error(refusal))
    else:
        return "alsa"
    raise kind(
        f"no {noun} found ({'; '.join(looked)}); connect one, or name one with {flag} "
        f"(see: satellite devices), or use {flag} wav:FILE"
    )


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
        )
    for name, description in names(_output(program, "-L")):
        if name not in seen:
            yield DeviceInfo(direction=direction, component=f"alsa:{name}", description=description)


def cards(listing: str) -> list[tuple[int, int, str]]:
    """Card, device and description from the output of `arecord -l`."""
    line = re.compile(r"^card (\d+): \S+ \[(.*?)\], device (\d+): .*?\[(.*?)\]", re.MULTILINE)
    return [
        (int(card), int(device), f"{name}, {part}" if part else name)
        for card, name, device, part in line.findall(listing)
    ]


def names(listing: str) -> list[tuple[str, str]]:
    """Name and description from the output of `arecord -L`; those of cards are left to `cards`."""
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
    """Try the default device with one sample; say why it cannot be opened, None when it can."""
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
    """What a program lists; nothing where it is not there, or finds no card."""
    if shutil.which(program) is None:
        return ""
    try:
        return subprocess.run(
            [program, option], capture_output=True, text=True, timeout=_PROGRAM
        ).stdout
    except subprocess.TimeoutExpired:
        return ""
