"""The owner of a speaker: one sound at a time, in any format, ended at once on request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Protocol, runtime_checkable

from satellite.audio.resample import Resampler
from satellite.errors import (
    DeviceError,
    DeviceLost,
    DeviceMissing,
    EngineFailed,
    SatelliteError,
)
from satellite.events import AudioLoss, Error, Event
from satellite.lib.containment import Containment
from satellite.lib.samples import CHANNELS, RATES
from satellite.ports import Speaker
from satellite.text.quoted import quoted
from satellite.values import AudioChunk, AudioFormat

_LOGGER = logging.getLogger(__name__)

_BLOCK = 0.1
"""Seconds handed to the speaker at once: a change of volume takes effect as quickly."""

_OPEN = 15.0
"""Seconds to open a speaker: a Bluetooth one takes up to five to connect."""

_BYTES = (bytes, bytearray, memoryview)

_SILENCE = 3.0
"""Seconds to silence or close a speaker; a driver may hang on a device that was unplugged."""

DEADLINE = 10.0
"""Seconds in which a speaker takes 0.1 s of sound; the buffers of known speakers hold under 4 s."""


class PlaybackTap(Protocol):
    """Receives what the speaker receives, at the same volume."""

    def played(self, audio: bytes, form: AudioFormat) -> None:
        """The speaker receives these samples next."""

    def finished(self) -> None:
        """The speaker has received the last samples of a sound."""

    def silenced(self) -> None:
        """The samples that were not heard yet never will be."""


@runtime_checkable
class PlaybackHold(Protocol):
    """A speaker that knows how much sound it holds."""

    @property
    def waiting(self) -> float:
        """Seconds of sound that it has received and not played yet."""


class Playback:
    """Plays sounds on one speaker, one after another, and reopens it after a loss."""

    def __init__(
        self,
        speaker: Speaker,
        publish: Callable[[Event], None],
        deadline: float = DEADLINE,
        *,
        volume: float = 1.0,
        tap: PlaybackTap | None = None,
    ) -> None:
        """`deadline`: seconds in which the speaker takes 0.1 s of sound."""
        self._tap = tap
        self._speaker = speaker
        self._containment = Containment("the speaker")
        self._publish = publish
        self._deadline = deadline
        self._format: AudioFormat | None = None
        self.volume = volume
        self._underruns = 0
        self._turn = asyncio.Lock()
        self._scope: asyncio.Timeout | None = None
        """Around the sound that plays; expiring it early ends the sound and not its caller."""
        self._silent = asyncio.Event()
        self._silent.set()
        self._length = 0.0
        self._dry = 0.0
        """When all of the sound handed over will have been heard, on the loop's clock."""

    @property
    def heard_seconds(self) -> float:
        """Seconds of the newest sound that were heard; the value stays when the sound has ended.

        A speaker that does not know what it still holds is assumed to play without a pause from the
        first samples that it received.
        """
        waiting = self._dry - asyncio.get_running_loop().time()
        if isinstance(self._speaker, PlaybackHold):
            with self._containment.swallowing():
                waiting = float(self._speaker.waiting)
        return max(0.0, self._length - max(0.0, waiting))

    @property
    def volume(self) -> float:
        """Loudness, 0 to 1: the factor by which samples are multiplied."""
        return self._volume

    @volume.setter
    def volume(self, volume: float) -> None:
        self._volume = min(1.0, max(0.0, volume))

    async def open(self) -> None:
        """Open the speaker. Idempotent. Raises `DeviceMissing`, `AudioFileError`."""
        if self._format is not None:
            return
        try:
            async with asyncio.timeout(_OPEN):
                with self._containment.raising(DeviceMissing):
                    self._format = _checked(await self._speaker.open())
        except TimeoutError as error:
            await self.close()
            raise DeviceMissing(f"the speaker did not open within {_OPEN:g} s") from error
        self._underruns = 0

    async def play(
        self, audio: AsyncIterator[AudioChunk], *, on_first: Callable[[], None] | None = None
    ) -> None:
        """Play sound as it comes, and return when the last of it was heard, or after `stop`.

        Waits while another sound plays. `on_first` is called when the first samples were handed to
        the speaker; never, if there are none. Cancelling silences the speaker. The caller closes
        `audio`. Raises `DeviceLost`; the next sound then reopens the speaker.
        """
        async with self._turn:
            self._silent.clear()
            self._length = self._dry = 0.0
            scope = self._scope = asyncio.timeout(None)
            try:
                async with scope:
                    await self._guarded(audio, on_first)
            except TimeoutError:
                if not scope.expired():  # of the caller; ours means that `stop` was called
                    raise
            finally:
                self._scope = None
                self._silent.set()

    async def play_clip(self, chunk: AudioChunk) -> None:
        """Play one sound, as `play` does."""

        async def whole() -> AsyncGenerator[AudioChunk, None]:
            yield chunk

        async with aclosing(whole()) as audio:
            await self.play(audio)

    async def stop(self) -> None:
        """Fall silent at once; the `play` in progress returns. One that waits comes next."""
        if self._scope is None or self._scope.expired():
            return
        self._scope.reschedule(asyncio.get_running_loop().time())
        # not left to `play`, whose source may be slow to cancel
        await self._silence()
        await self._soon(self._silent.wait, "end its sound")

    async def close(self) -> None:
        """Close the speaker, within 3 seconds. Idempotent."""
        self._format = None
        await self._soon(self._speaker.close, "close")

    async def _guarded(
        self, audio: AsyncIterator[AudioChunk], on_first: Callable[[], None] | None
    ) -> None:
        """Play, and leave the speaker silent, or closed if it was lost."""
        try:
            await self._feed(audio, on_first)
            self._report_underruns()
        except DeviceError as error:
            _LOGGER.warning("speaker lost: %s; the next sound will reopen it", error)
            self._publish(Error(where="speaker", text=str(error), code=error.code))
            await self.close()
            raise
        except BaseException:
            await self._silence()
            raise

    async def _feed(
        self, audio: AsyncIterator[AudioChunk], on_first: Callable[[], None] | None
    ) -> None:
        target = await self._ready()
        resampler: Resampler | None = None
        source: AudioFormat | None = None
        written = 0
        async for chunk in audio:
            check_playable(chunk)
            if resampler is None or chunk.format != source:
                rest = resampler.flush() if resampler else b""
                source, resampler = chunk.format, Resampler(chunk.format, target)
            else:
                rest = b""
            # in pieces: minutes may come at once, and one conversion of them would stop everything
            size = max(1, chunk.format.bytes_of(_BLOCK))
            for position in range(0, len(chunk.audio), size):
                samples = rest + resampler.convert(chunk.audio[position : position + size])
                rest = b""
                await self._write(samples, target, on_first if not written else None)
                written += len(samples)
            await self._write(rest, target, on_first if not written else None)
            written += len(rest)
        if resampler is not None:
            samples = resampler.flush()
            await self._write(samples, target, on_first if not written else None)
            written += len(samples)
        if written:
            if self._tap is not None:
                self._tap.finished()
            length = written / target.frame_bytes / target.rate
            await self._in_time(self._speaker.drain, self._deadline + length)
            self._dry = 0.0

    async def _ready(self) -> AudioFormat:
        """Return the speaker's format, reopening it after a loss."""
        if self._format is None:
            try:
                await self.open()
            except SatelliteError as error:
                raise DeviceLost(f"cannot reopen the speaker: {error}") from error
        assert self._format is not None
        return self._format

    async def _write(
        self, samples: bytes, form: AudioFormat, on_first: Callable[[], None] | None
    ) -> None:
        size = form.bytes_of(_BLOCK)
        for position in range(0, len(samples), size):
            block = quieter(samples[position : position + size], self._volume)
            if self._tap is not None:
                self._tap.played(block, form)
            now = asyncio.get_running_loop().time()
            self._dry = max(self._dry, now) + form.seconds(block)
            self._length += form.seconds(block)
            await self._in_time(partial(self._speaker.write, block), self._deadline)
            if on_first is not None:
                on_first()
                on_first = None

    async def _in_time(self, work: Callable[[], Awaitable[None]], seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                with self._containment.raising(DeviceLost):
                    await work()
        except TimeoutError as error:
            raise DeviceLost(f"the speaker was stuck for {seconds:.1f} s") from error

    async def _silence(self) -> None:
        self._length, self._dry = self.heard_seconds, 0.0  # the rest never will be
        await self._soon(self._speaker.stop, "fall silent")
        if self._tap is not None:
            self._tap.silenced()

    async def _soon(self, work: Callable[[], Awaitable[object]], what: str) -> None:
        try:
            async with asyncio.timeout(_SILENCE):
                with self._containment.raising(DeviceLost):
                    await work()
        except (TimeoutError, DeviceError) as error:
            _LOGGER.warning("the speaker did not %s: %s", what, str(error) or "stuck")

    def _report_underruns(self) -> None:
        underruns = self._underruns
        with self._containment.swallowing():
            underruns = int(self._speaker.underruns)
        if underruns > self._underruns:
            self._publish(AudioLoss(loss="underrun", count=underruns - self._underruns))
        self._underruns = underruns


def check_playable(chunk: AudioChunk) -> None:
    """Raise `EngineFailed` for what is no sound, or sound in a format that nothing plays."""
    if not isinstance(chunk, AudioChunk) or not isinstance(chunk.audio, _BYTES):
        raise EngineFailed(f"cannot play {type(chunk).__name__}: it is no piece of sound")
    form = chunk.format
    if form.rate not in RATES or form.channels not in CHANNELS:
        raise EngineFailed(
            f"cannot play sound of {form.channels} channels at {form.rate} Hz: use 1 to "
            f"{CHANNELS[-1]} channels at {RATES[0]} to {RATES[-1]} Hz"
        )


def _checked(form: AudioFormat) -> AudioFormat:
    """Return the format of a speaker. Raises `DeviceMissing` if no device has such a one."""
    if not isinstance(form, AudioFormat) or form.rate not in RATES or form.channels not in CHANNELS:
        raise DeviceMissing(f"the speaker has a format that is not supported: {quoted(form)}")
    return form


def quieter(samples: bytes, volume: float) -> bytes:
    """Multiply s16le samples by `volume`, which is at most 1, so that none overflows."""
    if volume >= 1.0:
        return samples
    import numpy as np

    scaled = np.frombuffer(samples, "<i2").astype(np.float32) * volume
    return bytes(np.rint(scaled).astype("<i2").tobytes())
