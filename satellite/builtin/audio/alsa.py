"""ALSA devices, by the programs arecord and aplay."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from satellite import requirements
from satellite.builtin.audio.program import PlayingProgram, RecordingProgram, open_error
from satellite.errors import DeviceMissing
from satellite.lib.platform.system import OnLinux
from satellite.options import OptionSet, option
from satellite.values import AudioFormat

_ENVIRONMENT = {"LC_ALL": "C"}
"""Environment of the programs, whose error output is parsed here, in English."""

_MIC_TIMES = ("--period-time=32000", "--buffer-time=500000")
"""Microseconds. Sound comes in chunks of 32 ms, and is lost when it is read half a second late."""

_SPEAKER_TIMES = ("--period-time=50000", "--buffer-time=250000", "--start-delay=100000")
"""Microseconds. Playback starts with 0.1 s of sound, not with a full buffer."""

_CHANNELS = (1, 2, 4, 6, 8)
"""Channel counts to try where the requested one is refused."""
_COUNTS = ", ".join(map(str, _CHANNELS))

_ACTUAL_RATE = re.compile(r"rate is not accurate \(requested = \d+Hz, got = (\d+)Hz\)")
_HEADING = re.compile(r"(Recording|Playing) raw data|please, try the plug plugin")


class _DeviceOutput:
    """Parses the output of arecord and aplay about a device."""

    def __init__(self, options: AlsaMic.Options | AlsaSpeaker.Options) -> None:
        self.requested = AudioFormat(options.rate, options.channels)
        self.actual = self.requested
        self.channels_refused = False
        self.hint = ""
        if options.device.startswith("hw:"):
            self.hint = f" (plug{options.device} converts formats that the device lacks)"

    def begin(self, channels: int) -> None:
        self.actual = AudioFormat(self.requested.rate, channels)
        self.channels_refused = False

    def read(self, line: str) -> bool:
        """Parse a line; return whether it is an error message."""
        if match := _ACTUAL_RATE.search(line):
            self.actual = AudioFormat(int(match[1]), self.actual.channels)
        self.channels_refused |= "Channels count non available" in line
        return not (match or _HEADING.search(line))

    def attempts(self) -> tuple[int, ...]:
        """Return the channel counts to try, the requested one first."""
        requested = self.requested.channels
        return (requested, *(count for count in _CHANNELS if count != requested))


class AlsaMic(RecordingProgram):
    """An ALSA capture device, recorded by arecord."""

    class Options(OptionSet, frozen=True):
        device: Annotated[str, option("ALSA device, as plughw:1,0 or default")] = "default"
        rate: Annotated[
            int, option("Sample rate to request", unit="Hz", minimum=4000, maximum=192000)
        ] = 16000
        channels: Annotated[int, option("Channels to request", minimum=1, maximum=32)] = 1

    argument: ClassVar[str] = "device"
    requires: ClassVar[tuple[requirements.Requirement, ...]] = (
        OnLinux("ALSA", "use portaudio", requirements.Program("arecord", debian="alsa-utils")),
    )

    def __init__(self, options: Options) -> None:
        super().__init__(f"microphone alsa:{options.device}", _ENVIRONMENT)
        self._device = options.device
        self._output = _DeviceOutput(options)

    async def open(self) -> AudioFormat:
        """Record in the requested format, or in one that the device has instead.

        Raises `DeviceMissing`, with arecord's reason.
        """
        for channels in self._output.attempts():
            self._output.begin(channels)
            try:
                await self.start(
                    [
                        *_command("arecord", self._device, self._output.requested.rate, channels),
                        *_MIC_TIMES,
                    ]
                )
            except DeviceMissing as error:
                if not self._output.channels_refused:
                    raise type(error)(f"{error}{self._output.hint}") from error
            else:
                return self._output.actual
        raise DeviceMissing(f"{self._name}: supports none of {_COUNTS} channels{self._output.hint}")

    async def read(self) -> bytes:
        """Return recorded samples. Raises `DeviceLost`, with arecord's reason."""
        return await self.read_frames(self._output.actual)

    def on_line(self, line: str) -> None:
        if self._output.read(line):
            super().on_line(line)


class AlsaSpeaker(PlayingProgram):
    """An ALSA playback device, played to by aplay.

    Between sounds an aplay keeps the device open, so that the next sound begins at once; a device
    of type hw is then not available to other programs.
    """

    class Options(OptionSet, frozen=True):
        device: Annotated[str, option("ALSA device, as plughw:1,0 or default")] = "default"
        rate: Annotated[
            int, option("Sample rate to request", unit="Hz", minimum=4000, maximum=192000)
        ] = 22050
        channels: Annotated[int, option("Channels to request", minimum=1, maximum=32)] = 1

    argument: ClassVar[str] = "device"
    requires: ClassVar[tuple[requirements.Requirement, ...]] = (
        OnLinux("ALSA", "use portaudio", requirements.Program("aplay", debian="alsa-utils")),
    )

    def __init__(self, options: Options) -> None:
        super().__init__(f"speaker alsa:{options.device}", _ENVIRONMENT)
        self._device = options.device
        self._output = _DeviceOutput(options)

    async def open(self) -> AudioFormat:
        """Play in the requested format, or in one that the device has instead.

        Raises `DeviceMissing`, with aplay's reason.
        """
        for channels in self._output.attempts():
            self._output.begin(channels)
            command = _command("aplay", self._device, self._output.requested.rate, channels)
            # aplay prints the device's actual rate only when it plays
            problem = await self.probe([*command, "--samples=16", "/dev/zero"])
            if problem is None:
                actual = self._output.actual
                command = _command("aplay", self._device, actual.rate, channels)
                await self.start([*command, *_SPEAKER_TIMES], actual)
                return actual
            if not self._output.channels_refused:
                raise type(open_error(problem))(f"{problem}{self._output.hint}")
        raise DeviceMissing(f"{self._name}: supports none of {_COUNTS} channels{self._output.hint}")

    def on_line(self, line: str) -> None:
        if self._output.read(line):
            super().on_line(line)


def _command(program: str, device: str, rate: int, channels: int) -> list[str]:
    shape = ["-t", "raw", "-f", "S16_LE", "-r", str(rate), "-c", str(channels)]
    return [program, "-D", device, *shape]
