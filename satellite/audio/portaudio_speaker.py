"""Speakers by PortAudio, through sounddevice."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from threading import Lock
from typing import Annotated, Any, ClassVar

from satellite import requirements
from satellite.audio.format import AudioFormat
from satellite.audio.portaudio_host import HOST, REQUIRES, end
from satellite.errors import DeviceLost, DeviceMissing
from satellite.options import OptionSet, option

_LATENCY = 0.1
"""Seconds of sound the driver may hold, for when Python is late."""

_AHEAD = 0.5
"""Seconds of sound kept for the driver; as much may come late without being missed."""

_DRAIN_SLACK = 3.0
"""Seconds beyond its length in which a driver has played its sound."""


class PortAudioSpeaker:
    """A speaker of PortAudio; its stream runs only while something is heard."""

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
        self._stream: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = Lock()
        self._buffer = bytearray()
        self._changed = asyncio.Event()
        self._running = False
        self._draining = False
        self._ended = False
        self._dry = False
        self._silence = 0
        """Bytes of silence to give after the last sample."""
        self._underruns = 0
        self._played_all: type[Exception] = Exception
        """What a callback raises to end the stream."""

    async def open(self) -> AudioFormat:
        """Make ready to play, in the device's own format where it refuses ours."""
        await self.close()
        self._loop = asyncio.get_running_loop()
        self._underruns = 0
        self._format = await self._make_stream()
        HOST.owners.add(self)
        return self._format

    async def write(self, audio: bytes) -> None:
        """Take samples; return when no more than half a second of them is waiting."""
        if self._format is None:
            raise DeviceLost(f"{self._name} is not open")
        if self._stream is None:
            await self._make_stream()
        with self._lock:
            self._buffer += audio
        if not self._running:
            await self._run()
        while len(self._buffer) > self._format.bytes_of(_AHEAD):
            await self._change()

    async def drain(self) -> None:
        """Return when the driver has played everything."""
        if not self._running or self._format is None:
            return
        latency = float(self._stream.latency)
        # PortAudio's ALSA side drops what the driver holds at the end, so let that be silence
        self._silence = self._format.bytes_of(latency)
        self._draining = True
        left = self._format.seconds(bytes(self._buffer)) + latency
        try:
            async with asyncio.timeout(left + _DRAIN_SLACK):
                while not self._ended:
                    await self._change()
        except TimeoutError:
            HOST.stale = True
            raise DeviceLost(f"{self._name}: stuck at the sound's end") from None
        await self._halt()

    async def stop(self) -> None:
        """Fall silent, dropping what the driver holds."""
        with self._lock:
            self._buffer.clear()
        if self._running:
            await self._halt()

    @property
    def underruns(self) -> int:
        """How often sound came too late for the driver."""
        return self._underruns

    async def close(self) -> None:
        """Let go of the device. Twice is once."""
        self._format = None
        HOST.owners.discard(self)
        with self._lock:
            self._buffer.clear()
        self._running = False
        stream, self._stream = self._stream, None
        if stream is not None:
            await HOST.call(lambda _: end(stream))

    def busy(self) -> bool:
        return self._running

    def release(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            end(stream)

    async def _make_stream(self) -> AudioFormat:
        wanted = self._format or AudioFormat(self._options.rate)

        def make(library: Any) -> tuple[Any, AudioFormat]:
            self._played_all = library.CallbackStop
            device, form = HOST.choose(library, self._options.device, "output", wanted)
            try:
                stream = library.RawOutputStream(
                    device=device,
                    samplerate=form.rate,
                    channels=form.channels,
                    dtype="int16",
                    latency=_LATENCY,
                    callback=self._give,
                    finished_callback=self._finish,
                    prime_output_buffers_using_stream_callback=True,
                )
            except library.PortAudioError as error:
                HOST.stale = True
                raise DeviceMissing(f"{self._name}: {error}") from error
            return stream, form

        try:
            self._stream, form = await HOST.call(make, lambda made: end(made[0]))
        except DeviceMissing as error:
            if self._format is None:
                raise
            raise DeviceLost(str(error)) from error
        if self._format not in (None, form):
            raise DeviceLost(f"{self._name}: now takes another format")
        return form

    async def _run(self) -> None:
        self._ended = self._draining = self._dry = False
        self._running = True
        stream = self._stream

        def start(library: Any) -> None:
            try:
                stream.start()
            except library.PortAudioError as error:
                HOST.stale = True
                raise DeviceLost(f"{self._name}: {error}") from error

        await HOST.call(start)

    async def _halt(self) -> None:
        stream = self._stream
        try:
            await HOST.call(lambda _: stream.abort(ignore_errors=True))
        finally:
            self._running = False

    async def _change(self) -> None:
        """Wait until the driver took something. Raises `DeviceLost` when it has stopped."""
        if self._ended and not self._draining:
            HOST.stale = True
            self._running = False
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
