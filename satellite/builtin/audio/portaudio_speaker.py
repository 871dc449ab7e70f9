"""Speakers by PortAudio, through sounddevice."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from threading import Lock
from typing import Annotated, Any, ClassVar

from satellite import requirements
from satellite.builtin.audio.portaudio_host import HOST, REQUIRES, end
from satellite.errors import DeviceLost, DeviceMissing
from satellite.options import OptionSet, option
from satellite.values import AudioFormat

_LATENCY = 0.1
"""Seconds of sound that the driver may buffer while Python is late."""

_FIRST = 0.2
"""Seconds of sound with which a stream starts; with less, the second chunk could be late."""

_AHEAD = 0.5
"""Seconds of sound stored for the driver; samples may come that late without a gap."""

_DRIVER_BUFFER = 1.5
"""Factor of the latency that PortAudio reports: the driver's buffer, and one callback's samples."""

_DRAIN_SLACK = 3.0
"""Seconds beyond the length of a sound within which a driver has played it."""


class PortAudioSpeaker:
    """A speaker of PortAudio, opened for each sound.

    Between sounds it has no stream: the device is available to other programs, no thread wakes up,
    and a lost device is noticed (PortAudio hangs when it restarts a stream whose device is gone).
    Opening takes some 10 ms.
    """

    class Options(OptionSet, frozen=True):
        device: Annotated[str, option("Number or part of the name; empty for the default")] = ""
        rate: Annotated[
            int, option("Sample rate to request", unit="Hz", minimum=4000, maximum=192000)
        ] = 22050

    argument: ClassVar[str] = "device"
    requires: ClassVar[tuple[requirements.Requirement, ...]] = REQUIRES

    def __init__(self, options: Options) -> None:
        self._options = options
        self._name = f"speaker portaudio:{options.device}".removesuffix(":")
        self._format: AudioFormat | None = None
        self._device = 0
        self._listing = 0
        """The host's list in which `_device` is an index."""
        self._stream: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = Lock()
        self._buffer = bytearray()
        self._changed = asyncio.Event()
        self._draining = False
        self._ended = False
        self._dry = False
        self._silence = 0
        """Bytes of silence to play after the last sample."""
        self._underruns = 0
        self._played_all: type[Exception] = Exception
        """The exception with which a callback ends the stream."""

    async def open(self) -> AudioFormat:
        """Check that the device exists; return its format. Raises `DeviceMissing`."""
        await self.close()
        self._loop = asyncio.get_running_loop()
        self._underruns = 0
        await HOST.call(lambda library: self._choose(library, AudioFormat(self._options.rate)))
        assert self._format is not None
        return self._format

    async def write(self, audio: bytes) -> None:
        """Take samples; return when no more than half a second of them waits."""
        form = self._format
        if form is None:
            raise DeviceLost(f"{self._name} is not open")
        with self._lock:
            self._buffer += audio
        if self._stream is None:
            if len(self._buffer) < form.bytes_of(_FIRST):
                return
            await self._run(form)
        while len(self._buffer) > form.bytes_of(_AHEAD):
            await self._change()

    async def drain(self) -> None:
        """Return when the driver has played everything."""
        if self._format is None or (self._stream is None and not self._buffer):
            return
        if self._stream is None:
            await self._run(self._format)
        latency = float(self._stream.latency)
        # PortAudio's ALSA host drops the driver's buffer at the end, so fill it with silence
        self._silence = self._format.bytes_of(_DRIVER_BUFFER * latency)
        self._draining = True
        left = self._format.seconds(bytes(self._buffer)) + latency
        try:
            async with asyncio.timeout(left + _DRAIN_SLACK):
                while not self._ended:
                    await self._change()
        except TimeoutError:
            HOST.stale = True
            raise DeviceLost(f"{self._name}: stuck at the sound's end") from None
        await self.stop()

    async def stop(self) -> None:
        """Stop at once, dropping the samples in the driver's buffer."""
        with self._lock:
            self._buffer.clear()
        stream, self._stream = self._stream, None
        if stream is not None:
            await HOST.call(lambda _: self._end(stream))

    @property
    def waiting(self) -> float:
        """Seconds of sound that wait here and in the driver."""
        if self._format is None or (self._stream is None and not self._buffer):
            return 0.0
        buffered = float(self._stream.latency) if self._stream is not None else 0.0
        return self._format.seconds(bytes(self._buffer)) + buffered

    @property
    def underruns(self) -> int:
        """Gaps, because samples came too late for the driver."""
        return self._underruns

    async def close(self) -> None:
        """Release the device. Idempotent."""
        self._format = None
        await self.stop()

    async def _run(self, form: AudioFormat) -> None:
        self._ended = self._draining = self._dry = False
        self._stream = await HOST.call(lambda library: self._begin(library, form), self._end)

    def _choose(self, library: Any, wanted: AudioFormat) -> None:
        self._device, self._format = HOST.choose(library, self._options.device, "output", wanted)
        self._listing = HOST.listing

    def _begin(self, library: Any, form: AudioFormat) -> Any:
        try:
            if self._listing != HOST.listing:
                self._choose(library, form)
            self._played_all = library.CallbackStop
            stream = library.RawOutputStream(
                device=self._device,
                samplerate=form.rate,
                channels=form.channels,
                dtype="int16",
                latency=_LATENCY,
                callback=self._give,
                finished_callback=self._finish,
                prime_output_buffers_using_stream_callback=True,
            )
            stream.start()
        except (library.PortAudioError, DeviceMissing) as error:
            HOST.stale = True
            raise DeviceLost(f"{self._name}: {error}") from error
        if self._format != form:
            end(stream)
            raise DeviceLost(f"{self._name}: takes another format now")
        HOST.busy.add(self)
        return stream

    def _end(self, stream: Any) -> None:
        end(stream)
        HOST.busy.discard(self)

    async def _change(self) -> None:
        """Wait until the driver takes samples. Raises `DeviceLost` when it has stopped."""
        if self._ended and not self._draining:
            HOST.stale = True
            raise DeviceLost(f"{self._name}: the device stopped playing")
        self._changed.clear()
        if not self._ended:
            await self._changed.wait()

    def _give(self, data: Any, _frames: int, _time: Any, status: Any) -> None:
        """Called by PortAudio on its thread."""
        size = len(data)
        with self._lock:
            audio = bytes(self._buffer[:size])
            del self._buffer[:size]
        data[:] = audio + bytes(size - len(audio))
        self._wake_writer()
        if len(audio) == size:
            self._dry = False
        elif self._draining:
            self._silence -= size - len(audio)
            if self._silence <= 0:
                raise self._played_all
        elif not self._dry:
            self._dry = True
            self._underruns += 1

    def _finish(self) -> None:
        """Called by PortAudio on its thread."""
        self._ended = True
        self._wake_writer()

    def _wake_writer(self) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended, and its writer with it
                self._loop.call_soon_threadsafe(self._changed.set)
