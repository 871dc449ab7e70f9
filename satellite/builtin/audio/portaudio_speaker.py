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
"""Seconds of sound the driver may hold, for when Python is late."""

_FIRST = 0.2
"""Seconds of sound with which a stream begins; with less, the second chunk could come too late."""

_AHEAD = 0.5
"""Seconds of sound kept for the driver; as much may come late without being missed."""

_HELD = 1.5
"""Of the latency that PortAudio tells: what the driver may hold, and one callback's sound."""

_DRAIN_SLACK = 3.0
"""Seconds beyond its length in which a driver has played its sound."""


class PortAudioSpeaker:
    """A speaker of PortAudio, opened for each piece of sound.

    Between sounds it holds no stream: the device is free for other programs, no thread wakes up,
    and one that went away meanwhile is noticed (PortAudio hangs when it starts a stream whose
    device has gone). Opening takes some 10 ms.
    """

    class Options(OptionSet, frozen=True):
        device: Annotated[str, option("Number or part of the name; empty for the default")] = ""
        rate: Annotated[
            int, option("Sample rate to ask for", unit="Hz", minimum=4000, maximum=192000)
        ] = 22050

    argument: ClassVar[str] = "device"
    requires: ClassVar[tuple[requirements.Requirement, ...]] = REQUIRES

    def __init__(self, options: Options) -> None:
        self._options = options
        self._name = f"speaker portaudio:{options.device}".removesuffix(":")
        self._format: AudioFormat | None = None
        self._device = 0
        self._listing = 0
        """Which of the host's listings `_device` is a number of."""
        self._stream: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = Lock()
        self._buffer = bytearray()
        self._changed = asyncio.Event()
        self._draining = False
        self._ended = False
        self._dry = False
        self._silence = 0
        """Bytes of silence to give after the last sample."""
        self._underruns = 0
        self._played_all: type[Exception] = Exception
        """What a callback raises to end the stream."""

    async def open(self) -> AudioFormat:
        """See that the device is there; say in which format it plays. Raises `DeviceMissing`."""
        await self.close()
        self._loop = asyncio.get_running_loop()
        self._underruns = 0
        await HOST.call(lambda library: self._choose(library, AudioFormat(self._options.rate)))
        assert self._format is not None
        return self._format

    async def write(self, audio: bytes) -> None:
        """Take samples; return when no more than half a second of them is waiting."""
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
        # PortAudio's ALSA side drops what the driver holds at the end, so let that be silence
        self._silence = self._format.bytes_of(_HELD * latency)
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
        """Fall silent, dropping what the driver holds."""
        with self._lock:
            self._buffer.clear()
        stream, self._stream = self._stream, None
        if stream is not None:
            await HOST.call(lambda _: self._end(stream))

    @property
    def waiting(self) -> float:
        """Seconds of sound that are still to be heard, here and in the driver."""
        if self._format is None or (self._stream is None and not self._buffer):
            return 0.0
        held = float(self._stream.latency) if self._stream is not None else 0.0
        return self._format.seconds(bytes(self._buffer)) + held

    @property
    def underruns(self) -> int:
        """How often sound came too late for the driver."""
        return self._underruns

    async def close(self) -> None:
        """Let go of the device. Twice is once."""
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
        """Wait until the driver took something. Raises `DeviceLost` when it has stopped."""
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
        self._tell()
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
        self._tell()

    def _tell(self) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended, and its writer with it
                self._loop.call_soon_threadsafe(self._changed.set)
