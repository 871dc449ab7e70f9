"""A client of PulseAudio, or of PipeWire in its place."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from satellite.audio.sound_server import (
    FULL,
    ServerDefaults,
    ServerDevice,
    ServerStream,
    SoundServerError,
    SourceProperties,
    Volume,
)
from satellite.lib.platform import system
from satellite.text.reason_of import reason_of

ANSWER = 1.0
"""Seconds after which a server counts as hung: on the same machine it answers in milliseconds."""


class PulseServer:
    """A connection to the sound server of this user. For one thread."""

    def __init__(self) -> None:
        """Connect, without starting a server. Raises `SoundServerError`."""
        if not _may_exist():  # its library takes 4 MB
            raise SoundServerError("no socket of a sound server exists")
        with _translated_errors():
            self._client = _client()
            try:
                self._client.connect(autospawn=False)
            except BaseException:
                self._client.close()
                raise

    def streams(self) -> list[ServerStream]:
        """See `SoundServer`."""
        with _translated_errors():
            return [_stream(info) for info in self._client.sink_input_list()]

    def recordings(self) -> list[tuple[ServerStream, SourceProperties]]:
        """Return the streams that are recorded now, each with its source."""
        with _translated_errors():
            sources = {info.index: info for info in self._client.source_list()}
            streams = self._client.source_output_list()
            return [
                (_stream(info), _source(sources[info.source]))
                for info in streams
                if info.source in sources
            ]

    def sources(self) -> list[ServerDevice]:
        """Return the devices to record from, monitors of sinks included."""
        with _translated_errors():
            return [_device(info) for info in self._client.source_list()]

    def sinks(self) -> list[ServerDevice]:
        """Return the devices to play to."""
        with _translated_errors():
            return [_device(info) for info in self._client.sink_list()]

    def defaults(self) -> ServerDefaults:
        """Return the server's name and its default microphone and speaker."""
        with _translated_errors():
            server = self._client.server_info()
        source, sink = server.default_source_name, server.default_sink_name
        return ServerDefaults(
            server.server_name,
            next((device for device in self.sources() if device.name == source), None),
            next((device for device in self.sinks() if device.name == sink), None),
        )

    def set_volume(self, stream: int, volume: Volume) -> None:
        """See `SoundServer`."""
        import pulsectl

        levels = pulsectl.PulseVolumeInfo([level / FULL for level in volume])
        with _translated_errors():
            try:
                self._client.sink_input_volume_set(stream, levels)
            except pulsectl.PulseOperationFailed:
                self._client.server_info()  # raises where more than the stream has ended

    def remembered(self) -> dict[str, Volume]:
        """See `SoundServer`."""
        with _translated_errors():
            return {entry.name: _volume(entry) for entry in self._client.stream_restore_list()}

    def remember(self, memory: str, volume: Volume) -> None:
        """See `SoundServer`."""
        import pulsectl

        with _translated_errors():
            for entry in self._client.stream_restore_list():
                if entry.name == memory:
                    entry.volume = pulsectl.PulseVolumeInfo([level / FULL for level in volume])
                    self._client.stream_restore_write(entry, mode="replace")

    def close(self) -> None:
        """See `SoundServer`."""
        self._client.close()


def _may_exist() -> bool:
    """Return whether a server is configured, or has a socket at a usual place (pulseaudio(1))."""
    if os.environ.get("PULSE_SERVER"):
        return True
    usual = [Path("/run/pulse/native"), Path("/var/run/pulse/native")]
    for name in ("PULSE_RUNTIME_PATH", "XDG_RUNTIME_DIR"):
        if folder := os.environ.get(name):
            usual += [Path(folder, "native"), Path(folder, "pulse", "native")]
    home = Path("~/.config/pulse").expanduser()
    configuration = (home / "client.conf", Path("/etc/pulse/client.conf"))
    return (
        any(place.exists() for place in (*usual, *home.glob("*-runtime/native")))
        or any(_configures_server(file) for file in configuration)
        or bool(os.environ.get("DISPLAY"))  # its root window may name one
    )


def _configures_server(file: Path) -> bool:
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        return False
    return any(line.split("=")[0].strip() == "default-server" for line in lines)


def _client() -> Any:
    """Make a pulsectl client whose waits have a timeout. Raises `OSError` without libpulse."""
    import pulsectl
    from pulsectl import _pulsectl

    library = _pulsectl.pa

    class Client(pulsectl.Pulse):  # type: ignore[misc]  # it has no types
        def _pulse_iterate(self, block: bool = True) -> None:
            """Wait up to `ANSWER` seconds for a message; the original waits forever."""
            with self._pulse_loop() as loop:
                library.mainloop_prepare(loop, int(ANSWER * 1e6) if block else 0)
                library.mainloop_poll(loop)
                if library.mainloop_dispatch(loop) == 0 and block:
                    self.connected = False
                    raise pulsectl.PulseError(f"no answer within {ANSWER:g} s")

    return Client("satellite", connect=False)


@contextmanager
def _translated_errors() -> Generator[None, None, None]:
    """Raise errors of pulsectl and libpulse as `SoundServerError`."""
    try:
        import pulsectl
        from pulsectl._pulsectl import LibPulse
    except OSError as error:
        hint = "apt install libpulse0" if system.is_linux() else "it exists on Linux only"
        raise SoundServerError(f"{reason_of(error)} ({hint})") from error
    try:
        yield
    except (pulsectl.PulseError, LibPulse.CallError, OSError) as error:
        raise SoundServerError(f"{type(error).__name__}: {error}") from error


def _stream(info: Any) -> ServerStream:
    properties = info.proplist
    process = properties.get("application.process.id", "")
    return ServerStream(
        id=info.index,
        program=properties.get("application.name") or properties.get("node.name") or "",
        process=int(process) if process.isdecimal() else None,
        binary=properties.get("application.process.binary", ""),
        memory=properties.get("module-stream-restore.id", ""),
        volume=_volume(info),
    )


def _device(info: Any) -> ServerDevice:
    properties = info.proplist
    numbers = [properties.get(key, "") for key in ("alsa.card", "alsa.device")]
    is_monitor = properties.get("device.class") == "monitor"
    is_card = all(map(str.isdecimal, numbers)) and not is_monitor
    return ServerDevice(
        name=info.name,
        description=info.description or info.name,
        rate=info.sample_spec.rate,
        channels=info.sample_spec.channels,
        is_monitor=is_monitor,
        card=(int(numbers[0]), int(numbers[1])) if is_card else None,
        is_muted=bool(info.mute),
        volume=_volume(info),
    )


def _source(info: Any) -> SourceProperties:
    group = info.proplist.get("node.group")
    properties = (info.name, info.driver, info.description, group)
    return SourceProperties(info.name, " ".join(text for text in properties if text))


def _volume(info: Any) -> Volume:
    return tuple(round(level * FULL) for level in info.volume.values)
