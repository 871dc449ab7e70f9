"""The machine: memory, load, heat and power, and its clock."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncGenerator, Iterator
from time import time

from satellite.diagnostics.doctor.context import Context
from satellite.lib.daemon_thread import program
from satellite.lib.finding import Finding, broken, note, ok, warning
from satellite.lib.platform import remedies, system
from satellite.lib.platform.clocks import BEGINNING

TIGHT = 100
"""MB available below which the kernel soon kills programs; the satellite itself takes some 80."""

HOT, TOO_HOT = 75.0, 80.0
"""Degrees Celsius. From 80 on a Raspberry Pi runs slower (raspberrypi.com, frequency management).
"""

LOW_VOLTAGE, SLOW = 0x1, 0xE
"""Bits of `vcgencmd get_throttled` (raspberrypi.com, vcgencmd): a voltage that is too low; a capped
or reduced frequency, or the soft temperature limit. Shifted by `SINCE_START`: since the start."""

SINCE_START = 16


async def memory(context: Context) -> AsyncGenerator[Finding, None]:
    """Report the memory available, and programs that were killed for lack of it."""
    text = context.text("proc/meminfo")
    if text is None:
        return
    sizes = {name: int(size) // 1024 for name, size in re.findall(r"(\w+):\s+(\d+) kB", text)}
    available = sizes.get("MemAvailable", 0)
    found = f"{available} of {sizes.get('MemTotal', 0)} MB available"
    if available < TIGHT:
        means = "The kernel may kill the satellite or its server at any time."
        remedy = "find large programs (top, then M); use a smaller model, or engines elsewhere"
        yield warning("memory", found, means, remedy)
    else:
        yield ok("memory", found)
    killed = re.search(r"^oom_kill (\d+)", context.text("proc/vmstat") or "", re.MULTILINE)
    if killed and int(killed[1]):
        programs = "1 program was" if killed[1] == "1" else f"{killed[1]} programs were"
        yield warning(
            "memory",
            f"{programs} killed for lack of memory since the start",
            "It may have been the satellite or its server.",
            "journalctl -k | grep -i 'out of memory' names the programs; use smaller models",
        )


async def load(context: Context) -> AsyncGenerator[Finding, None]:
    """Report whether other programs leave enough processor time."""
    text = context.text("proc/loadavg")
    if not text:
        return
    average, cores = float(text.split()[1]), os.cpu_count() or 1
    found = f"{average:.1f} on {cores} {'core' if cores == 1 else 'cores'} (mean of 5 minutes)"
    if average > 2 * cores:
        means = "Sound may be lost, and answers come late."
        yield warning("load", found, means, remedies.busiest_programs())
    else:
        yield ok("load", found)


async def heat(context: Context) -> AsyncGenerator[Finding, None]:
    """Report the temperature, and whether heat or a weak power supply slows the processor."""
    hottest = max(_temperatures(context), default=None)
    if hottest is not None:
        found = f"{hottest:.0f} °C"
        if hottest >= TOO_HOT:
            means = "The processor is slowed down: answers come late, and sound may be lost."
            yield warning("temperature", found, means, "add ventilation, a heat sink or a fan")
        elif hottest >= HOT:
            means = "The processor slows down from 80 °C on."
            yield note("temperature", found, means, "add ventilation")
        else:
            yield ok("temperature", found)
    bits = await _throttled(context)
    if bits is not None:
        for finding in throttling(bits):
            yield finding
    if hottest is None and bits is None and system.is_linux():
        yield ok("temperature", "this machine has no sensor")


def throttling(bits: int) -> Iterator[Finding]:
    """Judge power and heat by the firmware of a Raspberry Pi."""
    supply = "use the supply made for this Pi (5 V 3 A, Pi 5: 5 A) and a short, thick cable"
    earlier = bits >> SINCE_START
    if bits & LOW_VOLTAGE:
        means = "The processor is slowed down, and USB microphones fail."
        yield broken("power", "the voltage is too low", means, supply)
    elif earlier & LOW_VOLTAGE:
        means = "The processor was slowed down, and USB microphones may have failed."
        yield warning("power", "the voltage was too low since the start", means, supply)
    if bits & SLOW:
        means = "Answers come late, and sound may be lost."
        yield warning("throttling", "the processor is slowed down", means, f"cool it; {supply}")
    elif earlier & SLOW:
        means = "Under load it may be slowed down again."
        yield note("throttling", "the processor was slowed down since the start", means, "cool it")
    if not bits:
        yield ok("throttling", "neither slowed down nor short of power since the start")


async def clock(context: Context) -> AsyncGenerator[Finding, None]:
    """Report whether the clock is synchronised."""
    if time() < BEGINNING:
        yield broken(
            "clock",
            "was never set",
            "Spoken times are wrong, and certificates are refused.",
            f"connect the network, then: {remedies.set_clock()}",
        )
        return
    if not system.is_linux():
        return
    answer = await program(["timedatectl", "show", "--property=NTPSynchronized", "--value"])
    if answer is None or answer.code != 0:
        means = "In a container, the host keeps the clock."
        yield note("clock", "timedatectl is not available here", means, "run date and compare")
    elif answer.output.strip() == "yes":
        yield ok("clock", "synchronised by NTP")
    else:
        yield warning(
            "clock",
            "not synchronised by NTP",
            "Spoken times drift, and logs of several machines do not agree.",
            "timedatectl set-ntp true (apt install systemd-timesyncd)",
        )


def _temperatures(context: Context) -> Iterator[float]:
    for file in sorted(context.root.glob("sys/class/thermal/thermal_zone*/temp")):
        try:
            degrees = int(file.read_text()) / 1000
        except (OSError, ValueError):
            continue
        if 0 < degrees < 150:  # sensors that are not connected return any number
            yield degrees


async def _throttled(context: Context) -> int | None:
    text = context.text("sys/devices/platform/soc/soc:firmware/get_throttled")
    if text is None and (answer := await program(["vcgencmd", "get_throttled"])):
        text = answer.output.strip().removeprefix("throttled=")
    try:
        return int(text, 16) if text else None
    except ValueError:
        return None
