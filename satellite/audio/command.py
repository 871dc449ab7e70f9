"""Any program as microphone (raw PCM on its output) or speaker (raw PCM on its input)."""

from __future__ import annotations

import shlex
from typing import Annotated, ClassVar

from satellite.audio.format import AudioFormat
from satellite.audio.program import PlayingProgram, RecordingProgram
from satellite.errors import DeviceMissing
from satellite.options import OptionSet, option


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
