"""WAV files as microphone and speaker: for tests, demonstrations, and rooms without sound."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Annotated, ClassVar

from satellite.audio.wavfile import WavWriter, read_wav, write_wav
from satellite.errors import AudioFileError, DeviceLost
from satellite.options import OptionSet, option
from satellite.values import AudioFormat

__all__ = ["WavMic", "WavSpeaker", "read_wav", "write_wav"]

_CHUNK = 0.032
"""Seconds of sound in one read: a frame of the voice detector."""

_AHEAD = 0.2
"""Seconds of sound that a speaker with a pace buffers, as sound cards do."""


class WavMic:
    """Plays a WAV file at real-time pace, then silence."""

    class Options(OptionSet, frozen=True):
        path: Annotated[str, option("WAV file (8, 16, 24 or 32-bit PCM)")]
        pace: Annotated[
            float, option("Speed of playback; 1 is real time", minimum=0.01, maximum=1000)
        ] = 1.0

    argument: ClassVar[str] = "path"
    waits: ClassVar[bool] = True

    def __init__(self, options: Options) -> None:
        self._options = options
        self._format: AudioFormat | None = None
        self._audio = b""
        self._position = 0
        self._began = 0.0

    async def open(self) -> AudioFormat:
        """Read the file; its first sample is recorded now. Raises `AudioFileError`."""
        form, self._audio = await asyncio.to_thread(read_wav, self._options.path)
        self._format = form
        self._position = 0
        self._began = monotonic()
        return form

    async def read(self) -> bytes:
        """Return the next 32 ms when they are due; silence after the end of the file."""
        if self._format is None:
            raise DeviceLost(f"the WAV file {self._options.path} is not open")
        size = self._format.bytes_of(_CHUNK) or self._format.frame_bytes
        chunk = self._audio[self._position : self._position + size] or bytes(size)
        frames = (self._position + len(chunk)) // self._format.frame_bytes
        due = frames / self._format.rate / self._options.pace
        await asyncio.sleep(self._began + due - monotonic())
        self._position += len(chunk)
        return chunk

    @property
    def finished(self) -> bool:
        """Whether the whole file was read."""
        return self._format is not None and self._position >= len(self._audio)

    @property
    def overruns(self) -> int:
        """Always 0: samples that are read late are not lost."""
        return 0

    async def close(self) -> None:
        """Release the file."""
        self._format = None
        self._audio = b""


class WavSpeaker:
    """Writes played sound into a WAV file.

    The file is emptied at the first `open`; after later ones, sound is appended.
    """

    class Options(OptionSet, frozen=True):
        path: Annotated[str, option("WAV file to write")]
        rate: Annotated[int, option("Sample rate", unit="Hz", minimum=4000, maximum=192000)] = 22050
        pace: Annotated[
            float,
            option(
                "Speed at which it takes sound; 1 is real time, 0 at once", minimum=0, maximum=1000
            ),
        ] = 0.0

    argument: ClassVar[str] = "path"

    def __init__(self, options: Options) -> None:
        self._options = options
        self._format = AudioFormat(options.rate)
        self._writer: WavWriter | None = None
        self._size = 0
        """Bytes of sound in the file."""
        self._piece_start = 0
        """Bytes of them from before the present sound."""
        self._piece_began: float | None = None
        """Monotonic time at which the present sound began; None between sounds."""
        self._underruns = 0

    async def open(self) -> AudioFormat:
        """Create the file. Raises `AudioFileError`, as for a missing folder."""
        if self._writer is None:
            self._writer = WavWriter(self._options.path, self._format, keep=self._size)
            self._size = self._writer.size
            self._underruns = 0
            self._end_piece()
        return self._format

    async def write(self, audio: bytes) -> None:
        """Write samples; with a pace, return when all but 0.2 s of them are due."""
        if self._writer is None:
            raise DeviceLost(f"the WAV file {self._options.path} is not open")
        pace = self._options.pace
        if self._piece_began is None:
            self._piece_began = monotonic()
        elif pace and (left := self._left(self._piece_began)) < 0:
            self._underruns += 1
            self._piece_began -= left
        try:
            self._writer.append(audio)
        except AudioFileError as error:
            raise DeviceLost(str(error)) from error
        self._size = self._writer.size
        if pace:
            await asyncio.sleep(self._left(self._piece_began) - _AHEAD / pace)

    async def drain(self) -> None:
        """Return when all samples are due."""
        if self._options.pace and self._piece_began is not None:
            await asyncio.sleep(self._left(self._piece_began))
        self._end_piece()

    async def stop(self) -> None:
        """End the present sound; with a pace, samples that are not due yet are cut off."""
        if self._writer is not None and self._piece_began is not None and self._options.pace:
            due = (monotonic() - self._piece_began) * self._options.pace
            self._writer.cut(self._piece_start + self._format.bytes_of(due))
            self._size = self._writer.size
        self._end_piece()

    @property
    def underruns(self) -> int:
        """Gaps, with a pace, because samples came late."""
        return self._underruns

    async def close(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _left(self, began: float) -> float:
        """Return the seconds until the last written sample is due; negative if it is overdue."""
        frames = (self._size - self._piece_start) // self._format.frame_bytes
        return began + frames / self._format.rate / self._options.pace - monotonic()

    def _end_piece(self) -> None:
        self._piece_began = None
        self._piece_start = self._size
