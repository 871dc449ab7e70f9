"""Programs that record or play sound: start, end, losses and error output."""

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
"""Seconds to a microphone's first sound: a Bluetooth headset takes up to 5 s to connect."""

_NEXT_SOUND = 3.0
"""Seconds without sound after which a microphone is lost; microphones give sound all the time."""

_STARTED = 0.1
"""Seconds in which a player fails if its device is missing; aplay needs some 10 ms."""

_REASON_WAIT = 1.0
"""Seconds for an ending program to write its reason; on a busy machine it takes some 0.1 s."""

_OUTPUT_WAIT = 0.01
"""Seconds in which the event loop reads the output that came before a program's first sound."""

_PROBE = 5.0
"""Seconds for a test whether a device plays; aplay needs 0.2 s with PulseAudio."""

_DRAIN_SLACK = 3.0
"""Seconds beyond the length of a sound within which a player ends."""

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


class AudioProgram:
    """A program that records or plays, with its losses and its error output."""

    def __init__(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        self._name = name
        self._environment = environment
        self._losses = 0
        self._last_line = ""

    def on_line(self, line: str) -> None:
        """Take a line of the program's error output, where arecord and aplay report losses."""
        self._last_line = line
        if "overrun" in line or "underrun" in line:
            self._losses += 1

    async def _run(self, argv: Sequence[str], *, stdin: bool) -> Child:
        self._last_line = ""
        child = Child(self._name, self.on_line)
        await child.start(argv, stdin=stdin, environment=self._environment)
        return child

    async def probe(self, argv: Sequence[str]) -> str | None:
        """Run a program to its end; return why it failed, None if it did not."""
        try:
            child = await self._run(argv, stdin=True)
        except DeviceMissing as error:
            return str(error)
        try:
            async with asyncio.timeout(_PROBE):
                await child.wait_gone()
            return await self._reason(child) if child.returncode else None
        except TimeoutError:
            return f"{self._name}: stuck for {_PROBE:g} s{self._error_output()}"
        finally:
            await child.end(at_once=True)

    async def _reason(self, child: Child) -> str:
        """Return in one line why the program ended; wait a moment for an ending one."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_REASON_WAIT):
                await child.wait_gone()
        status = "" if child.returncode is None else f" with status {child.returncode}"
        return f"{self._name}: ended{status}{self._error_output()}"

    def _error_output(self) -> str:
        return f": {self._last_line}" if self._last_line else ""


class RecordingProgram(AudioProgram):
    """A microphone that is a program: the base of `alsa`, `command` and `pulse`."""

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
                raise open_error(await self._reason(self._child))
            await asyncio.sleep(_OUTPUT_WAIT)
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
        """Always false: a program that ends is a lost device."""
        return False

    @property
    def overruns(self) -> int:
        """Overruns that the program has reported since it was started."""
        return self._losses

    async def close(self) -> None:
        """End the program, within a second. Idempotent."""
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
            raise DeviceLost(await self._reason(child))
        return audio


class PlayingProgram(AudioProgram):
    """A speaker that is a program: the base of `alsa`, `command` and `pulse`.

    Each sound, from its first write to its drain, has one run of the program: draining closes the
    program's input and waits until it ends, as players do when the last sample was played. The run
    for the next sound is started right away, so that its beginning is not delayed.
    """

    def __init__(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        super().__init__(name, environment)
        self._argv: Sequence[str] = ()
        self._form = AudioFormat(16000)
        self._child: Child | None = None
        self._began: float | None = None
        self._written = 0

    async def start(self, argv: Sequence[str], form: AudioFormat) -> None:
        """Start the program and check that it keeps running. Raises `DeviceMissing`."""
        await self.close()
        self._argv, self._form, self._losses = argv, form, 0
        child = self._child = await self._run(argv, stdin=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(_STARTED):
                await child.wait()
        if child.exited:
            problem = await self._reason(child)
            await self.close()
            raise open_error(problem)

    async def write(self, audio: bytes) -> None:
        """Write samples to the program. Raises `DeviceLost` when it has ended."""
        if not self._argv:
            raise DeviceLost(f"{self._name} is not open")
        child = self._child
        if child is None or (child.exited and self._began is None):
            child = await self._restart()
        if self._began is None:
            self._began = monotonic()
        await child.write(audio)
        self._written += len(audio)
        if child.exited:
            problem = await self._reason(child)
            await self.stop()
            raise DeviceLost(problem)

    async def drain(self) -> None:
        """Return when the program has played everything and ended. Raises `DeviceLost`."""
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
        problem = await self._reason(child)
        await self.stop()
        if child.returncode:
            raise DeviceLost(problem)
        try:
            await self._restart()
        except DeviceLost as error:
            _LOGGER.debug("not ready for the next sound: %s", error)

    async def stop(self) -> None:
        """Kill the program, the fastest way to silence it."""
        child, self._child = self._child, None
        self._began, self._written = None, 0
        if child is not None:
            await child.end(at_once=True)

    @property
    def underruns(self) -> int:
        """Underruns that the program has reported since `start`."""
        return self._losses

    async def close(self) -> None:
        """End the program, within a second. Idempotent."""
        child, self._child = self._child, None
        self._argv, self._began, self._written = (), None, 0
        if child is not None:
            await child.end()

    async def _restart(self) -> Child:
        await self.stop()
        try:
            child = self._child = await self._run(self._argv, stdin=True)
        except DeviceMissing as error:
            raise DeviceLost(str(error)) from error
        return child
