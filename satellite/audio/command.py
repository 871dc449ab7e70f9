"""Any program as microphone (raw PCM on its output) or speaker (raw PCM on its input)."""

from __future__ import annotations

import asyncio
import logging
import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Annotated, ClassVar

from satellite.audio.child import Child
from satellite.audio.format import AudioFormat
from satellite.errors import DeviceLost, DeviceMissing
from satellite.options import OptionSet, option

_LOGGER = logging.getLogger(__name__)

_FIRST_SOUND = 8.0
"""Seconds to a microphone's first sound: a Bluetooth headset takes up to five to connect."""

_NEXT_SOUND = 3.0
"""Seconds after which a microphone that gives nothing has gone; they give sound all the time."""

_STARTED = 0.1
"""Seconds in which a player finds out that its device is not there; aplay needs some 10 ms."""

_DRAIN_SLACK = 3.0
"""Seconds beyond its length in which a player has played its sound and ended."""


class RecordingProgram:
    """A microphone that is a program; what `command` and `alsa` have in common."""

    def __init__(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        self._name = name
        self._environment = environment
        self._child: Child | None = None
        self._rest = b""
        self._overruns = 0

    async def start(self, argv: Sequence[str]) -> None:
        """Start the program and wait for its first sound. Raises `DeviceMissing`."""
        await self.close()
        self._overruns = 0
        child = self._child = Child(self._name, self.on_line)
        try:
            await child.start(argv, stdin=False, environment=self._environment)
            async with asyncio.timeout(_FIRST_SOUND):
                self._rest = await child.read()
        except TimeoutError:
            await self.close()
            raise DeviceMissing(
                f"{self._name}: no sound within {_FIRST_SOUND:g} s{_said(child)}"
            ) from None
        except BaseException:
            await self.close()
            raise
        if not self._rest:
            await _let_end(child)
            await self.close()
            raise DeviceMissing(f"{self._name}: {_how_it_ended(child)}")

    async def read_frames(self, form: AudioFormat) -> bytes:
        """Return the next whole frames. Raises `DeviceLost`."""
        if self._child is None:
            raise DeviceLost(f"{self._name} is not open")
        while len(self._rest) < form.frame_bytes:
            self._rest += await self._next(self._child)
        whole = len(self._rest) - len(self._rest) % form.frame_bytes
        audio, self._rest = self._rest[:whole], self._rest[whole:]
        return audio

    def on_line(self, line: str) -> None:
        """Look at a line of the program's complaints; arecord tells its overruns there."""
        if "overrun" in line:
            self._overruns += 1

    @property
    def finished(self) -> bool:
        """Always false: a program that ends is a device that went away."""
        return False

    @property
    def overruns(self) -> int:
        """How many overruns the program told of since it was started."""
        return self._overruns

    async def close(self) -> None:
        """End the program, within a second. Twice is once."""
        child, self._child = self._child, None
        self._rest = b""
        if child is not None:
            await child.end()

    async def _next(self, child: Child) -> bytes:
        try:
            async with asyncio.timeout(_NEXT_SOUND):
                audio = await child.read()
        except TimeoutError:
            raise DeviceLost(
                f"{self._name}: no sound for {_NEXT_SOUND:g} s{_said(child)}"
            ) from None
        if not audio:
            await _let_end(child)
            raise DeviceLost(f"{self._name}: {_how_it_ended(child)}")
        return audio


class PlayingProgram:
    """A speaker that is a program; what `command` and `alsa` have in common.

    Each piece of sound, from its first write to its drain, has one run of the program: draining
    closes its input and waits until it ends, as players do when the last sample was heard. The run
    for the next piece is started right after, so that nobody waits for it.
    """

    def __init__(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        self._name = name
        self._environment = environment
        self._argv: Sequence[str] = ()
        self._form = AudioFormat(16000)
        self._child: Child | None = None
        self._began: float | None = None
        self._written = 0
        self._underruns = 0

    async def start(self, argv: Sequence[str], form: AudioFormat) -> None:
        """Start the program and see that it stays. Raises `DeviceMissing`."""
        await self.close()
        self._argv, self._form, self._underruns = argv, form, 0
        child = await self._begin()
        with suppress(TimeoutError):
            async with asyncio.timeout(_STARTED):
                await child.wait()
        if child.exited:
            await _let_end(child)
            await self.close()
            raise DeviceMissing(f"{self._name}: {_how_it_ended(child)}")

    async def write(self, audio: bytes) -> None:
        """Hand samples to the program. Raises `DeviceLost` when it has ended."""
        if not self._argv:
            raise DeviceLost(f"{self._name} is not open")
        child = self._child
        if child is None or (child.exited and self._began is None):
            child = await self._begin_again()
        if self._began is None:
            self._began = monotonic()
        await child.write(audio)
        if child.exited:
            await _let_end(child)
            await self.stop()
            raise DeviceLost(f"{self._name}: {_how_it_ended(child)}")
        self._written += len(audio)

    async def drain(self) -> None:
        """Return when the program has played all and ended. Raises `DeviceLost`."""
        child = self._child
        if child is None or self._began is None:
            return
        child.end_input()
        seconds = self._written / self._form.frame_bytes / self._form.rate
        left = self._began + seconds - monotonic()
        try:
            async with asyncio.timeout(max(left, 0) + _DRAIN_SLACK):
                await child.wait()
        except TimeoutError:
            await self.stop()
            raise DeviceLost(
                f"{self._name}: still running {_DRAIN_SLACK:g} s after the sound's end"
            ) from None
        await _let_end(child)
        await self.stop()
        if child.returncode:
            raise DeviceLost(f"{self._name}: {_how_it_ended(child)}")
        try:
            await self._begin()
        except DeviceMissing as error:
            _LOGGER.debug("%s: not ready for the next sound: %s", self._name, error)

    async def stop(self) -> None:
        """Kill the program, which is the quickest silence there is."""
        child, self._child = self._child, None
        self._began, self._written = None, 0
        if child is not None:
            await child.end(at_once=True)

    def on_line(self, line: str) -> None:
        """Look at a line of the program's complaints; aplay tells its underruns there."""
        if "underrun" in line:
            self._underruns += 1

    @property
    def underruns(self) -> int:
        """How many underruns the program told of since `start`."""
        return self._underruns

    async def close(self) -> None:
        """End the program, within a second. Twice is once."""
        child, self._child = self._child, None
        self._argv, self._began, self._written = (), None, 0
        if child is not None:
            await child.end()

    async def _begin(self) -> Child:
        child = self._child = Child(self._name, self.on_line)
        try:
            await child.start(self._argv, stdin=True, environment=self._environment)
        except DeviceMissing:
            self._child = None
            raise
        return child

    async def _begin_again(self) -> Child:
        await self.stop()
        try:
            return await self._begin()
        except DeviceMissing as error:
            raise DeviceLost(str(error)) from error


class CommandMic(RecordingProgram):
    """A program that writes raw 16-bit PCM to its standard output."""

    class Options(OptionSet, frozen=True):
        command: Annotated[str, option("Program with its arguments; run without a shell")]
        rate: Annotated[
            int, option("Sample rate it records at", unit="Hz", minimum=4000, maximum=192000)
        ] = 16000
        channels: Annotated[int, option("Channels it records", minimum=1, maximum=32)] = 1

    argument: ClassVar[str] = "command"

    def __init__(self, options: Options) -> None:
        super().__init__(f"mic command {options.command!r}")
        self._options = options
        self._format = AudioFormat(options.rate, options.channels)

    async def open(self) -> AudioFormat:
        """Start the program. Raises `DeviceMissing`, with the last line of its complaints."""
        await self.start(split(self._options.command))
        return self._format

    async def read(self) -> bytes:
        """Return what was recorded. Raises `DeviceLost` when the program ends or falls silent."""
        return await self.read_frames(self._format)


class CommandSpeaker(PlayingProgram):
    """A program that plays raw 16-bit PCM from its standard input, and ends when that ends."""

    class Options(OptionSet, frozen=True):
        command: Annotated[str, option("Program with its arguments; run without a shell")]
        rate: Annotated[
            int, option("Sample rate it plays at", unit="Hz", minimum=4000, maximum=192000)
        ] = 22050
        channels: Annotated[int, option("Channels it plays", minimum=1, maximum=32)] = 1

    argument: ClassVar[str] = "command"

    def __init__(self, options: Options) -> None:
        super().__init__(f"speaker command {options.command!r}")
        self._options = options
        self._format = AudioFormat(options.rate, options.channels)

    async def open(self) -> AudioFormat:
        """Start the program. Raises `DeviceMissing`, with the last line of its complaints."""
        await self.start(split(self._options.command), self._format)
        return self._format


def split(command: str) -> list[str]:
    """Take a command line apart, with a shell's quotes but no shell. Raises `DeviceMissing`."""
    try:
        argv = shlex.split(command)
    except ValueError as error:
        raise DeviceMissing(f"the command {command!r} is not well quoted: {error}") from error
    if not argv:
        raise DeviceMissing("the command is empty; name a program, as in command:arecord -t raw")
    return argv


async def _let_end(child: Child) -> None:
    """Give a program that is ending a moment to say why, and with which status."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_STARTED):
            await child.wait_gone()


def _how_it_ended(child: Child) -> str:
    status = "" if child.returncode is None else f" with status {child.returncode}"
    return f"ended{status}{_said(child)}"


def _said(child: Child) -> str:
    return f": {child.last_line}" if child.last_line else ""
