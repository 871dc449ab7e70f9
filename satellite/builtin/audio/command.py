"""Any program as a microphone (raw PCM on its output) or speaker (raw PCM on its input)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from satellite.builtin.audio.program import PlayingProgram, RecordingProgram
from satellite.lib.child import split
from satellite.options import OptionSet, option
from satellite.text.quoted import quoted
from satellite.values import AudioFormat


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
        super().__init__(f"mic command {quoted(options.command)}")
        self._options = options
        self._format = AudioFormat(options.rate, options.channels)

    async def open(self) -> AudioFormat:
        """Start the program. Raises `DeviceMissing`, with the last line of its error output."""
        await self.start(split(self._options.command))
        return self._format

    async def read(self) -> bytes:
        """Return recorded samples. Raises `DeviceLost` when the program ends or stops writing."""
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
        super().__init__(f"speaker command {quoted(options.command)}")
        self._options = options
        self._format = AudioFormat(options.rate, options.channels)

    async def open(self) -> AudioFormat:
        """Start the program. Raises `DeviceMissing`, with the last line of its error output."""
        await self.start(split(self._options.command), self._format)
        return self._format
