"""Microphones by PortAudio, through sounddevice."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Annotated, Any, ClassVar

from satellite import requirements
from satellite.builtin.audio.portaudio_host import HOST, REQUIRES, end, error_kind
from satellite.errors import DeviceLost
from satellite.options import OptionSet, option
from satellite.values import AudioFormat

_CHUNK = 0.032
"""Seconds of sound in one chunk: the end of speech is detected that much later."""

_LATENCY = 0.1
"""Seconds of sound that the driver may buffer while Python is late."""

_LATE = 64
"""Chunks stored for a late reader: 2 s."""

_NEXT_SOUND = 3.0
"""Seconds without sound after which a microphone is lost; microphones give sound all the time."""


class PortAudioMic:
    """A microphone of PortAudio, recorded in chunks of 32 ms."""

    class Options(OptionSet, frozen=True):
        device: Annotated[str, option("Number or part of the name; empty for the default")] = ""
        rate: Annotated[
            int, option("Sample rate to request", unit="Hz", minimum=4000, maximum=192000)
        ] = 16000

    argument: ClassVar[str] = "device"
    requires: ClassVar[tuple[requirements.Requirement, ...]] = REQUIRES

    def __init__(self, options: Options) -> None:
        self._options = options
        self._name = f"microphone portaudio:{options.device}".removesuffix(":")
        self._stream: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._chunks: deque[bytes] = deque()
        self._changed = asyncio.Event()
        self._ended = False
        self._overruns = 0

    async def open(self) -> AudioFormat:
        """Start recording, in the device's own format where it refuses the requested one."""
        await self.close()
        self._loop = asyncio.get_running_loop()
        self._chunks.clear()
        self._ended, self._overruns = False, 0

        def begin(library: Any) -> tuple[Any, AudioFormat]:
            wanted = AudioFormat(self._options.rate)
            device, form = HOST.choose(library, self._options.device, "input", wanted)
            try:
                stream = library.RawInputStream(
                    device=device,
                    samplerate=form.rate,
                    channels=form.channels,
                    dtype="int16",
                    blocksize=int(_CHUNK * form.rate),
                    latency=_LATENCY,
                    callback=self._take,
                    finished_callback=self._finish,
                )
                stream.start()
            except library.PortAudioError as error:
                HOST.stale = True
                raise error_kind(error)(f"{self._name}: {error}") from error
            HOST.busy.add(self)
            return stream, form

        self._stream, form = await HOST.call(begin, lambda begun: self._end(begun[0]))
        return form

    async def read(self) -> bytes:
        """Return recorded samples. Raises `DeviceLost` when the stream ends or gives none."""
        if self._stream is None:
            raise DeviceLost(f"{self._name} is not open")
        while not self._chunks:
            if self._ended:
                HOST.stale = True
                raise DeviceLost(f"{self._name}: the device stopped recording")
            self._changed.clear()
            if self._chunks:
                break
            try:
                async with asyncio.timeout(_NEXT_SOUND):
                    await self._changed.wait()
            except TimeoutError:
                HOST.stale = True
                raise DeviceLost(f"{self._name}: no sound for {_NEXT_SOUND:g} s") from None
        return self._chunks.popleft()

    @property
    def finished(self) -> bool:
        """Always false: a device has no end."""
        return False

    @property
    def overruns(self) -> int:
        """Losses, because the driver or the reader was too late."""
        return self._overruns

    async def close(self) -> None:
        """Stop recording. Idempotent."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await HOST.call(lambda _: self._end(stream))

    def _end(self, stream: Any) -> None:
        end(stream)
        HOST.busy.discard(self)

    def _take(self, data: Any, _frames: int, _time: Any, status: Any) -> None:
        """Called by PortAudio on its thread."""
        if status.input_overflow:
            self._overruns += 1
        if len(self._chunks) >= _LATE:
            with suppress(IndexError):  # the reader has just taken it
                self._chunks.popleft()
            self._overruns += 1
        self._chunks.append(bytes(data))
        self._wake_reader()

    def _finish(self) -> None:
        """Called by PortAudio on its thread."""
        self._ended = True
        self._wake_reader()

    def _wake_reader(self) -> None:
        if self._loop is not None and not self._changed.is_set():
            with suppress(RuntimeError):  # the loop has ended, and its reader with it
                self._loop.call_soon_threadsafe(self._changed.set)
