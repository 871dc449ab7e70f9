"""The owner of a microphone: 16 kHz mono, whatever its format and whenever it disappears."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from time import monotonic

from satellite.audio.resample import Resampler
from satellite.errors import DeviceError, DeviceLost, DeviceMissing, SatelliteError
from satellite.events import AudioLoss, Error, Event
from satellite.lib.containment import Containment
from satellite.lib.samples import CHANNELS, RATES
from satellite.lib.wait_limit import WaitLimit
from satellite.ports import Mic
from satellite.text.quoted import quoted
from satellite.values import SPEECH, AudioFormat

_LOGGER = logging.getLogger(__name__)

_OPEN = 15.0
"""Seconds to open a microphone; longer than any built-in microphone waits for its first sound."""

_READ = 10.0
"""Seconds without a sample after which a microphone is lost, even if it reports no error."""

_CLOSE = 3.0
"""Seconds to close a microphone; a driver may hang on a device that was unplugged."""

_RETRY_FIRST = 0.5
"""Seconds before the first attempt to reopen: a sound server that restarts is back by then."""

_RETRY_MOST = 5.0
"""Seconds between later attempts: the longest wait after a cable is plugged in again."""

_LOSS_EVERY = 1.0
"""Seconds between reports of lost samples, so that they do not slow a slow machine."""


class Capture:
    """Reads one microphone, and reopens it when it comes back after a loss."""

    def __init__(self, mic: Mic, publish: Callable[[Event], None], channel: int = 0) -> None:
        """`channel`: the channel to use, counted from 1; 0 for the mean of all."""
        self._mic = mic
        self._channel = channel
        self._format = SPEECH
        self._publish = publish
        self._resampler: Resampler | None = None
        self._was_open = False
        self._overruns = 0
        self._lost = 0
        self._reported = float("-inf")
        self._patience = WaitLimit(_READ)
        self._containment = Containment("the microphone")

    @property
    def finished(self) -> bool:
        """Whether a source with an end, such as a WAV file, has reached it."""
        with self._containment.swallowing():
            return bool(self._mic.finished)
        return False

    async def open(self) -> None:
        """Open the microphone; `frames` opens it otherwise. Idempotent.

        Raises `DeviceMissing`, `AudioFileError`.
        """
        if self._resampler is not None:
            return
        try:
            async with asyncio.timeout(_OPEN):
                with self._containment.raising(DeviceMissing):
                    form = _checked(await self._mic.open())
        except TimeoutError as error:
            await self.close()
            raise DeviceMissing(f"the microphone did not open within {_OPEN:g} s") from error
        if self._channel > form.channels:
            await self.close()
            raise DeviceMissing(
                f"the microphone has no channel {self._channel}, only {form.channels}; set "
                "sound.mic_channel to one of them, or to 0 for all"
            )
        self._format = form
        used = AudioFormat(form.rate) if self._channel else form
        self._resampler = Resampler(used, SPEECH)
        self._was_open = True
        self._overruns = 0

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Yield 16 kHz mono in the chunks of the microphone, about 32 ms each.

        Raises what `open` raises if the microphone was never open; a later loss is reported, and
        ends with the next chunk. Closing the generator closes the microphone.
        """
        try:
            if not self._was_open:
                await self.open()
            while True:
                resampler = self._resampler or await self._reopen()
                try:
                    with self._patience, self._containment.raising(DeviceLost, TimeoutError):
                        converted = self._converted(await self._mic.read(), resampler)
                        self._count_overruns()
                except DeviceError as error:
                    await self._lose(error)
                except TimeoutError:
                    await self._lose(
                        DeviceLost(f"the microphone delivered nothing for {_READ:g} s")
                    )
                else:
                    if converted:
                        yield converted
        finally:
            await self.close()

    def _converted(self, audio: bytes, resampler: Resampler) -> bytes:
        if not isinstance(audio, bytes | bytearray | memoryview):
            raise TypeError(f"its sound is {type(audio).__name__}, not bytes")
        if self._channel:
            audio = one_channel(audio, self._format, self._channel)
        return resampler.convert(audio)

    async def close(self) -> None:
        """Close the microphone, within 3 seconds. Idempotent."""
        self._resampler = None
        self._patience.end()
        try:
            async with asyncio.timeout(_CLOSE):
                with self._containment.raising(DeviceLost):
                    await self._mic.close()
        except (TimeoutError, DeviceError) as error:
            _LOGGER.warning("the microphone did not close: %s", str(error) or "stuck")

    async def _lose(self, error: DeviceError) -> None:
        _LOGGER.warning("microphone lost: %s; trying to reopen it", error)
        self._publish(Error(where="mic", text=str(error), code=error.code))
        await self.close()

    async def _reopen(self) -> Resampler:
        delay = _RETRY_FIRST
        while self._resampler is None:
            await asyncio.sleep(delay)
            delay = min(2 * delay, _RETRY_MOST)
            try:
                await self.open()
            except SatelliteError as error:
                _LOGGER.debug("cannot reopen the microphone: %s", error)
        _LOGGER.info("the microphone is back")
        return self._resampler

    def _count_overruns(self) -> None:
        """Report lost samples, at most once per `_LOSS_EVERY` seconds."""
        overruns = self._mic.overruns
        self._lost += max(0, overruns - self._overruns)
        self._overruns = overruns
        if self._lost and monotonic() - self._reported >= _LOSS_EVERY:
            self._publish(AudioLoss(loss="overrun", count=self._lost))
            self._lost, self._reported = 0, monotonic()


def _checked(form: AudioFormat) -> AudioFormat:
    """Return the format of a microphone. Raises `DeviceMissing` if no device has such a one."""
    if not isinstance(form, AudioFormat) or form.rate not in RATES or form.channels not in CHANNELS:
        raise DeviceMissing(f"the microphone has a format that is not supported: {quoted(form)}")
    return form


def one_channel(audio: bytes, form: AudioFormat, channel: int) -> bytes:
    """Return the samples of one channel, counted from 1; `audio` holds whole frames."""
    import numpy as np

    return np.frombuffer(audio, "<i2")[channel - 1 :: form.channels].tobytes()
