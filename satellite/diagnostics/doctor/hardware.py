"""The machine: memory, load, heat and power, and its clock."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import AsyncGenerator, Iterator
from time import time

from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding, broken, note, ok, warning
from satellite.lib.daemon_thread import program

TIGHT = 100
"""MB available below which the kernel soon ends programs; the satellite itself takes some 80."""

HOT, TOO_HOT = 75.0, 80.0
"""Degrees Celsius. From 80 on a Raspberry Pi runs slower (raspberrypi.com, frequency management).
"""

POWER_NOW, CAPPED_NOW, SLOW_NOW, HEAT_NOW = 1 << 0, 1 << 1, 1 << 2, 1 << 3
POWER_ONCE, CAPPED_ONCE, SLOW_ONCE, HEAT_ONCE = 1 << 16, 1 << 17, 1 << 18, 1 << 19
"""Bits of `vcgencmd get_throttled`, now and since the start (raspberrypi.com, vcgencmd)."""

BEGINNING = 1735689600.0
"""Unix time of 2025-01-01: a clock that shows less was never set."""

_UNSYNCHRONISED = 5
"""TIME_ERROR, what adjtimex(2) returns while nothing keeps the clock right."""


async def memory(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """How much memory there is left, and whether there was ever too little."""
    text = case.text("proc/meminfo")
    if text is None:
        return
    known = {name: int(value) // 1024 for name, value in re.findall(r"(\w+):\s+(\d+) kB", text)}
    available, total = known.get("MemAvailable", 0), known.get("MemTotal", 0)
    found = f"{available} of {total} MB available"
    if available < TIGHT:
        yield warning(
            "memory",
            found,
            "The kernel may end the satellite or its server at any time.",
            "see what takes it (top, then M); use a smaller model, or engines on another machine",
        )
    else:
        yield ok("memory", found)
    killed = re.search(r"^oom_kill (\d+)", case.text("proc/vmstat") or "", re.MULTILINE)
    if killed and int(killed[1]):
        yield warning(
            "memory",
            f"{killed[1]} programs were ended for want of memory since the start",
            "One of them may have been ours.",
            "journalctl -k | grep -i 'out of memory' names them; use smaller models",
        )


async def load(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Whether other programs leave time to listen."""
    text = case.text("proc/loadavg")
    if not text:
        return
    average, cores = float(text.split()[1]), os.cpu_count() or 1
    found = f"{average:.1f} programs want to run on {cores} cores (mean of 5 minutes)"
    if average > 2 * cores:
        yield warning(
            "load",
            found,
            "Sound may be lost, and answers come late.",
            "see what takes the time: top",
        )
    else:
        yield ok("load", found)


async def heat(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """How hot the processor is, and whether it was slowed down by heat or a weak supply."""
    hottest = max(_temperatures(case), default=None)
    if hottest is not None:
        found = f"{hottest:.0f} °C"
        if hottest >= TOO_HOT:
            means = "The processor is slowed down: answers come late, and sound may be lost."
            yield warning("temperature", found, means, "give it air, a heat sink or a fan")
        elif hottest >= HOT:
            yield note("temperature", found, "It gets slower from 80 °C on.", "give it air")
        else:
            yield ok("temperature", found)
    bits = await _throttled(case)
    if bits is not None:
        for finding in throttling(bits):
            yield finding
    if hottest is None and bits is None:
        yield ok("temperature", "this machine tells none")


def throttling(bits: int) -> Iterator[Finding]:
    """What the firmware of a Raspberry Pi says of power and heat."""
    power = "use the supply made for this Pi (5 V 3 A, Pi 5: 5 A) and a short, thick cable"
    if bits & POWER_NOW:
        means = "The processor is slowed down, and USB microphones fail."
        yield broken("power", "the voltage is too low", means, power)
    elif bits & POWER_ONCE:
        means = "The processor was slowed down, and USB microphones may have failed."
        yield warning("power", "the voltage was too low since the start", means, power)
    if bits & (SLOW_NOW | HEAT_NOW | CAPPED_NOW):
        means = "Answers come late, and sound may be lost."
        yield warning("throttling", "the processor is slowed down now", means, "cool it; " + power)
    elif bits & (SLOW_ONCE | HEAT_ONCE | CAPPED_ONCE):
        means = "Under load it may be slowed down again."
        yield note("throttling", "the processor was slowed down since the start", means, "cool it")
    if not bits:
        yield ok("throttling", "neither slowed down nor short of power since the start")


async def clock(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Whether the clock is right, as far as the kernel knows."""
    if time() < BEGINNING:
        yield broken(
            "clock",
            "was never set",
            "Spoken times are wrong, and certificates are refused.",
            "timedatectl set-ntp true, and see that the network is up",
        )
        return
    state = kernel_clock()
    if state is None:
        yield note("clock", "the kernel does not say whether it is synchronised", "", "")
    elif state == _UNSYNCHRONISED:
        yield warning(
            "clock",
            "nothing keeps it right (not synchronised by NTP)",
            "Spoken times drift, and logs of several machines do not fit together.",
            "timedatectl set-ntp true (apt install systemd-timesyncd)",
        )
    else:
        yield ok("clock", "synchronised by NTP")


def kernel_clock() -> int | None:
    """The state of the clock as adjtimex(2) returns it; nothing is set. None where it cannot."""
    # struct timex has 208 bytes on 64-bit Linux, fewer elsewhere; its first field, `modes`, is 0
    buffer = ctypes.create_string_buffer(512)
    try:
        state = ctypes.CDLL(None).adjtimex(buffer)
    except (AttributeError, OSError):
        return None
    return int(state) if state >= 0 else None


def _temperatures(case: ExaminationInput) -> Iterator[float]:
    for file in sorted(case.file("sys/class/thermal").glob("thermal_zone*/temp")):
        try:
            degrees = int(file.read_text()) / 1000
        except (OSError, ValueError):
            continue
        if 0 < degrees < 150:  # sensors that are not connected say anything
            yield degrees


async def _throttled(case: ExaminationInput) -> int | None:
    text = case.text("sys/devices/platform/soc/soc:firmware/get_throttled")
    if text is None and (answer := await program(["vcgencmd", "get_throttled"])):
        text = answer.output.strip().removeprefix("throttled=")
    try:
        return int(text, 16) if text else None
    except ValueError:
        return None
