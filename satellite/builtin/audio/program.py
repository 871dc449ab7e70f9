"""Programs that record or play sound, with their beginning, their end and their complaints."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic

from satellite.errors import DeviceBusy, DeviceForbidden, DeviceLost, DeviceMissing
from satellite.lib.child import Child
from satellite.lib.wait_limit import WaitLimit
from satellite.values import AudioFormat

_LOGGER = logging.getLogger(__name__)

_FIRST_SOUND = 8.0
"""Seconds to a microphone's first sound: a Bluetooth headset takes up to five to connect."""

_NEXT_SOUND = 3.0
"""Seconds after which a microphone that gives nothing has gone; they give sound all the time."""

_STARTED = 0.1
"""Seconds in which a player finds out that its device is not there; aplay needs some 10 ms."""

_LAST_WORDS = 1.0
"""Seconds for a program that is ending to say why; on a busy machine some 0.1 s go by."""

_HEARD = 0.01
"""Seconds in which the event loop takes what a program said before its first sound."""

_PROBE = 5.0
"""Seconds to find out whether a device plays; aplay needs 0.2 s with PulseAudio."""

_DRAIN_SLACK = 3.0
"""Seconds beyond its length in which a player has played its sound and ended."""

_REASONS = {
    os.strerror(errno.EBUSY): DeviceBusy,
    os.strerror(errno.EACCES): DeviceForbidden,
    os.strerror(errno.EPERM): DeviceForbidden,
}
"""How arecord and aplay end their last line: strerror(3), in English, as they run with LC_ALL=C."""


def open_error(text: str) -> DeviceMissing:
    """Return the error for a device that a program could not open, from its last line."""
    reason = next((reason for reason in _REASONS if text.endswith(reason)), "")
    return _REASONS.get(reason, DeviceMissing)(text)


class Program:
    """A program by which sound comes or goes, and what it says of itself."""

    def __init__(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        self._name = name
        self._environment = environment
        self._losses = 0
        self._last_line = ""

    def on_line(self, line: str) -> None:
        """Look at a line of the program's complaints; arecord and aplay tell losses there."""
        self._last_line = line
        if "overrun" in line or "underrun" in line:
            self._losses += 1

    async def _run(self, argv: Sequence[str], *, stdin: bool) -> Child:
        self._last_line = ""
        child = Child(self._name, self.on_line)
        await child.start(argv, stdin=stdin, environment=self._environment)
        return child

    async def probe(self, argv: Sequence[str]) -> str | None:
        """Run a program to its end; say how it failed, None when it did not."""
        try:
            child = await self._run(argv, stdin=True)
        except DeviceMissing as error:
            return str(error)
        try:
            async with asyncio.timeout(_PROBE):
                await child.wait_gone()
            return await self._how_it_ended(child) if child.returncode else None
        except TimeoutError:
            return f"{self._name}: stuck for {_PROBE:g} s{self._error_output()}"
        finally:
            await child.end(at_once=True)

    async def _how_it_ended(self, child: Child) -> str:
        """Say so in one line, giving an ending program a moment to say why."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                await child.wait_gone()
        status = "" if child.returncode is None else f" with status {child.returncode}"
        return f"{self._name}: ended{status}{self._error_output()}"

    def _error_output(self) -> str:
        return f": {self._last_line}" if self._last_line else ""


class RecordingProgram(Program):
    """A microphone that is a program; what `command` and `alsa` have in common."""

    def __init__(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        super().__init__(name, environment)
        self._child: Child | None = None
        self._rest = b""
        self._patience = WaitLimit(_NEXT_SOUND)

    async def start(self, argv: Sequence[str]) -> None:
        """Start the program and wait for its first sound. Raises `DeviceMissing`."""
        await self.close()
        self._losses = 0
        self._child = await self._run(argv, stdin=False)
        try:
            async with asyncio.timeout(_FIRST_SOUND):
                self._rest = await self._child.read()
            if not self._rest:
                raise open_error(await self._how_it_ended(self._child))
            await asyncio.sleep(_HEARD)
        except TimeoutError:
            await self.close()
            raise DeviceMissing(
                f"{self._name}: no sound within {_FIRST_SOUND:g} s{self._error_output()}"
            ) from None
        except BaseException:
            await self.close()
            raise

    async def read_frames(self, form: AudioFormat) -> bytes:
        """Return the next whole frames. Raises `DeviceLost`."""
        if self._child is None:
            raise DeviceLost(f"{self._name} is not open")
        while len(self._rest) < form.frame_bytes:
            self._rest += await self._next(self._child)
        whole = len(self._rest) - len(self._rest) % form.frame_bytes
        audio, self._rest = self._rest[:whole], self._rest[whole:]
        return audio

    @property
    def finished(self) -> bool:
        """Always false: a program that ends is a device that went away."""
        return False

    @property
    def overruns(self) -> int:
        """How many overruns the program told of since it was started."""
        return self._losses

    async def close(self) -> None:
        """End the program, within a second. Twice is once."""
        child, self._child = self._child, None
        self._rest = b""
        self._patience.end()
        if child is not None:
            await child.end()

    async def _next(self, child: Child) -> bytes:
        try:
            with self._patience:
                audio = await child.read()
        except TimeoutError:
            raise DeviceLost(
                f"{self._name}: no sound for {_NEXT_SOUND:g} s{self._error_output()}"
            ) from None
        if not audio:
            raise DeviceLost(await self._how_it_ended(child))
        return audio


class PlayingProgram(Program):
    """A speaker that is a program; what `command` and `alsa` have in common.

    Each piece of sound, from its first write to its drain, has one run of the program: draining
    closes its input and waits until it ends, as players do when the last sample was heard. The run
    for the next piece is started right after, so that nobody waits for it.
    """

    def __init__(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        super().__init__(name, environment)
        self._argv: Sequence[str] = ()
        self._form = AudioFormat(16000)
        self._child: Child | None = None
        self._began: float | None = None
        self._written = 0

    async def start(self, argv: Sequence[str], form: AudioFormat) -> None:
        """Start the program and see that it stays. Raises `DeviceMissing`."""
        await self.close()
        self._argv, self._form, self._losses = argv, form, 0
        child = self._child = await self._run(argv, stdin=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(_STARTED):
                await child.wait()
        if child.exited:
            problem = await self._how_it_ended(child)
            await self.close()
            raise open_error(problem)

    async def write(self, audio: bytes) -> None:
        """Hand samples to the program. Raises `DeviceLost` when it has ended."""
        if not self._argv:
            raise DeviceLost(f"{self._name} is not open")
        child = self._child
        if child is None or (child.exited and self._began is None):
            child = await self._run_again()
        if self._began is None:
            self._began = monotonic()
        await child.write(audio)
        self._written += len(audio)
        if child.exited:
            problem = await self._how_it_ended(child)
            await self.stop()
            raise DeviceLost(problem)

    async def drain(self) -> None:
        """Return when the program has played all and ended. Raises `DeviceLost`."""
        child = self._child
        if child is None or self._began is None:
            return
        child.end_input()
        seconds = self._written / self._form.frame_bytes / self._form.rate
        left = self._began + seconds - monotonic()
        try:
            with WaitLimit(max(left, 0) + _DRAIN_SLACK):
                await child.wait()
        except TimeoutError:
            await self.stop()
            raise DeviceLost(
                f"{self._name}: still running {_DRAIN_SLACK:g} s after the sound's end"
            ) from None
        problem = await self._how_it_ended(child)
        await self.stop()
        if child.returncode:
            raise DeviceLost(problem)
        try:
            await self._run_again()
        except DeviceLost as error:
            _LOGGER.debug("not ready for the next sound: %s", error)

    async def stop(self) -> None:
        """Kill the program, which is the quickest silence there is."""
        child, self._child = self._child, None
        self._began, self._written = None, 0
        if child is not None:
            await child.end(at_once=True)

    @property
    def underruns(self) -> int:
        """How many underruns the program told of since `start`."""
        return self._losses

    async def close(self) -> None:
        """End the program, within a second. Twice is once."""
        child, self._child = self._child, None
        self._argv, self._began, self._written = (), None, 0
        if child is not None:
            await child.end()

    async def _run_again(self) -> Child:
        await self.stop()
        try:
            child = self._child = await self._run(self._argv, stdin=True)
        except DeviceMissing as error:
            raise DeviceLost(str(error)) from error
        return child
