"""Sources and sinks of PulseAudio or PipeWire by name, through the programs parec and pacat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar

from satellite import requirements
from satellite.audio.pulse_server import PulseServer
from satellite.audio.sound_server import ServerDevice, SoundServerError
from satellite.builtin.audio.program import PlayingProgram, RecordingProgram
from satellite.errors import DeviceMissing
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.lib.platform.system import OnLinux
from satellite.options import OptionSet, option, unknown_name
from satellite.values import AudioFormat

_ENVIRONMENT = {"LC_ALL": "C"}
"""Environment of the programs, whose error output is shown, in English."""

_MIC_LATENCY = 30
"""Milliseconds of sound in one chunk: the end of speech is detected that much later."""

_SPEAKER_LATENCY = 200
"""Milliseconds of sound that the server buffers; its default of 2 s is still heard after a stop."""


class PulseMic(RecordingProgram):
    """A source of PulseAudio or PipeWire, recorded by parec."""

    class Options(OptionSet, frozen=True):
        device: Annotated[str, option("Name of the source; empty for the default one")] = ""
        rate: Annotated[
            int, option("Sample rate to record at", unit="Hz", minimum=4000, maximum=192000)
        ] = 16000
        channels: Annotated[int, option("Channels to record", minimum=1, maximum=32)] = 1

    argument: ClassVar[str] = "device"
    requires: ClassVar[tuple[requirements.Requirement, ...]] = (
        OnLinux(
            "PulseAudio",
            "use portaudio",
            requirements.Program("parec", debian="pulseaudio-utils"),
        ),
    )

    def __init__(self, options: Options) -> None:
        super().__init__(f"microphone pulse:{options.device}".removesuffix(":"), _ENVIRONMENT)
        self._device = options.device
        self._format = AudioFormat(options.rate, options.channels)

    async def open(self) -> AudioFormat:
        """Record in the requested format, to which the server converts.

        Raises `DeviceMissing`, with the known names or parec's reason.
        """
        if self._device:
            await _check(self._name, "source", self._device, PulseServer.sources)
        await self.start(_command("parec", self._device, self._format, _MIC_LATENCY))
        return self._format

    async def read(self) -> bytes:
        """Return recorded samples. Raises `DeviceLost`, with parec's reason."""
        return await self.read_frames(self._format)


class PulseSpeaker(PlayingProgram):
    """A sink of PulseAudio or PipeWire, played to by pacat."""

    class Options(OptionSet, frozen=True):
        device: Annotated[str, option("Name of the sink; empty for the default one")] = ""
        rate: Annotated[
            int, option("Sample rate to play at", unit="Hz", minimum=4000, maximum=192000)
        ] = 22050
        channels: Annotated[int, option("Channels to play", minimum=1, maximum=32)] = 1

    argument: ClassVar[str] = "device"
    requires: ClassVar[tuple[requirements.Requirement, ...]] = (
        OnLinux(
            "PulseAudio",
            "use portaudio",
            requirements.Program("pacat", debian="pulseaudio-utils"),
        ),
    )

    def __init__(self, options: Options) -> None:
        super().__init__(f"speaker pulse:{options.device}".removesuffix(":"), _ENVIRONMENT)
        self._device = options.device
        self._format = AudioFormat(options.rate, options.channels)

    async def open(self) -> AudioFormat:
        """Play in the requested format, from which the server converts.

        Raises `DeviceMissing`, with the known names or pacat's reason.
        """
        if self._device:
            await _check(self._name, "sink", self._device, PulseServer.sinks)
        command = _command("pacat", self._device, self._format, _SPEAKER_LATENCY)
        await self.start(command, self._format)
        return self._format


async def _check(
    component: str, noun: str, name: str, devices: Callable[[PulseServer], list[ServerDevice]]
) -> None:
    """Raise `DeviceMissing` unless the server has a device of that name.

    PulseAudio refuses an unknown name, but PipeWire uses its default device instead.
    """

    def names() -> list[str]:
        server = PulseServer()
        try:
            return [device.name for device in devices(server)]
        finally:
            server.close()

    try:
        known = await run_in_daemon_thread(names)
    except SoundServerError as error:
        raise DeviceMissing(f"{component}: no sound server answers: {error}") from error
    if name not in known:
        hint = unknown_name(name, dict.fromkeys(known))
        raise DeviceMissing(f"{component}: the {noun} {hint}; see: satellite devices")


def _command(program: str, device: str, form: AudioFormat, latency: int) -> list[str]:
    shape = ["--raw", "--format=s16le", f"--rate={form.rate}", f"--channels={form.channels}"]
    chosen = [f"--device={device}"] if device else []
    return [program, *shape, *chosen, f"--latency-msec={latency}", "--client-name=satellite"]
