"""ALSA devices, by the programs arecord and aplay."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from satellite import requirements
from satellite.builtin.audio.program import PlayingProgram, RecordingProgram, open_error
from satellite.errors import DeviceMissing
from satellite.options import OptionSet, option
from satellite.values import AudioFormat

_ENVIRONMENT = {"LC_ALL": "C"}
"""For the programs: their complaints are read here, in English."""

_MIC_TIMES = ("--period-time=32000", "--buffer-time=500000")
"""Microseconds. Sound comes in chunks of 32 ms; half a second may be read late before any is lost.
"""

_SPEAKER_TIMES = ("--period-time=50000", "--buffer-time=250000", "--start-delay=100000")
"""Microseconds. Sound begins when 0.1 s of it has come, not when the buffer is full."""

_CHANNELS = (1, 2, 4, 6, 8)
"""Channel counts to try where the wanted one is refused."""

_ACTUAL_RATE = re.compile(r"rate is not accurate \(requested = \d+Hz, got = (\d+)Hz\)")
_HEADING = re.compile(r"(Recording|Playing) raw data|please, try the plug plugin")


class _Notes:
    """What arecord and aplay tell of the device."""

    def __init__(self, options: AlsaMic.Options | AlsaSpeaker.Options) -> None:
        self.wanted = AudioFormat(options.rate, options.channels)
        self.actual = self.wanted
        self.channels_refused = False
        self.hint = ""
        if options.device.startswith("hw:"):
            self.hint = f" (plug{options.device} converts what the device itself does not know)"

    def begin(self, channels: int) -> None:
        self.actual = AudioFormat(self.wanted.rate, channels)
        self.channels_refused = False

    def read(self, line: str) -> bool:
        """Note a line; true when it is a complaint."""
        if match := _ACTUAL_RATE.search(line):
            self.actual = AudioFormat(int(match[1]), self.actual.channels)
        self.channels_refused |= "Channels count non available" in line
        return not (match or _HEADING.search(line))

    def attempts(self) -> tuple[int, ...]:
        """Channel counts, the wanted one first."""
        wanted = self.wanted.channels
        return (wanted, *(count for count in _CHANNELS if count != wanted))


class AlsaMic(RecordingProgram):
    """An ALSA capture device, recorded by arecord."""

    class Options(OptionSet, frozen=True):
        device: Annotated[str, option("ALSA device, as plughw:1,0 or default")] = "default"
        rate: Annotated[
            int, option("Sample rate to ask for", unit="Hz", minimum=4000, maximum=192000)
        ] = 16000
        channels: Annotated[int, option("Channels to ask for", minimum=1, maximum=32)] = 1

    argument: ClassVar[str] = "device"
    requires: ClassVar[tuple[requirements.Requirement, ...]] = (
        requirements.Program("arecord", debian="alsa-utils"),
    )

    def __init__(self, options: Options) -> None:
        super().__init__(f"microphone alsa:{options.device}", _ENVIRONMENT)
        self._device = options.device
        self._notes = _Notes(options)

    async def open(self) -> AudioFormat:
        """Record in the format asked for, or in one that the device has instead.

        Raises `DeviceMissing`, with arecord's reason.
        """
        for channels in self._notes.attempts():
            self._notes.begin(channels)
            try:
                await self.start(
                    [
                        *_command("arecord", self._device, self._notes.wanted.rate, channels),
                        *_MIC_TIMES,
                    ]
                )
            except DeviceMissing as error:
                if not self._notes.channels_refused:
                    raise type(error)(f"{error}{self._notes.hint}") from error
            else:
                return self._notes.actual
        raise DeviceMissing(f"{self._name}: has none of {_CHANNELS} channels{self._notes.hint}")

    async def read(self) -> bytes:
        """Return what was recorded. Raises `DeviceLost`, with arecord's reason."""
        return await self.read_frames(self._notes.actual)

    def on_line(self, line: str) -> None:
        if self._notes.read(line):
            super().on_line(line)


class AlsaSpeaker(PlayingProgram):
    """An ALSA playback device, played to by aplay.

    Between sounds an aplay waits with the device open, so that the next sound begins at once; a
    device of type hw is then not free for other programs.
    """

    class Options(OptionSet, frozen=True):
        device: Annotated[str, option("ALSA device, as plughw:1,0 or default")] = "default"
        rate: Annotated[
            int, option("Sample rate to ask for", unit="Hz", minimum=4000, maximum=192000)
        ] = 22050
        channels: Annotated[int, option("Channels to ask for", minimum=1, maximum=32)] = 1

    argument: ClassVar[str] = "device"
    requires: ClassVar[tuple[requirements.Requirement, ...]] = (
        requirements.Program("aplay", debian="alsa-utils"),
    )

    def __init__(self, options: Options) -> None:
        super().__init__(f"speaker alsa:{options.device}", _ENVIRONMENT)
        self._device = options.device
        self._notes = _Notes(options)

    async def open(self) -> AudioFormat:
        """Play in the format asked for, or in one that the device has instead.

        Raises `DeviceMissing`, with aplay's reason.
        """
        for channels in self._notes.attempts():
            self._notes.begin(channels)
            command = _command("aplay", self._device, self._notes.wanted.rate, channels)
            # aplay tells the device's actual rate only when there is something to play
            problem = await self.probe([*command, "--samples=16", "/dev/zero"])
            if problem is None:
                actual = self._notes.actual
                command = _command("aplay", self._device, actual.rate, channels)
                await self.start([*command, *_SPEAKER_TIMES], actual)
                return actual
            if not self._notes.channels_refused:
                raise type(open_error(problem))(f"{problem}{self._notes.hint}")
        raise DeviceMissing(f"{self._name}: has none of {_CHANNELS} channels{self._notes.hint}")

    def on_line(self, line: str) -> None:
        if self._notes.read(line):
            super().on_line(line)


def _command(program: str, device: str, rate: int, channels: int) -> list[str]:
    shape = ["-t", "raw", "-f", "S16_LE", "-r", str(rate), "-c", str(channels)]
    return [program, "-D", device, *shape]
