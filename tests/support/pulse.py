"""A private PulseAudio: a room that supplies sound and a speaker that can be recorded."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.debian import need

ROOM = "room"
"""The sink that tests play the microphone's sound into."""
MICROPHONE = "room.monitor"
"""The default source: the sound of the room."""
SPEAKER = "speaker"
"""The default sink: the satellite's speaker."""
HEARD = "speaker.monitor"
"""The source that tests record the speaker from."""

_START = 10.0
"""Seconds allowed for the server's start; it takes some 20 ms on an idle machine."""
_PLAY_SLACK = 20.0
"""Seconds allowed beyond a sound's length to play it on a busy machine."""

_ASOUND = """\
pcm.pulse { type pulse hint { show on description "PulseAudio of a test" } }
ctl.pulse { type pulse }
pcm.!default { type pulse hint { show on description "Default" } }
ctl.!default { type pulse }
"""


class PulseServer:
    """A PulseAudio server with a private socket, two null sinks, and ALSA devices for it.

    Every sound is 16 kHz mono s16le unless a rate is specified.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "native"
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "asound.conf").write_text(_ASOUND)

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables of a client."""
        return {
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_COOKIE": str(self._folder / "cookie"),
            "ALSA_CONFIG_PATH": str(self._folder / "asound.conf"),
            # neither JACK nor the user's sound server may answer in its place
            "JACK_NO_START_SERVER": "1",
        }

    def start(self) -> None:
        """Start the server and return when it accepts clients."""
        self._socket.unlink(missing_ok=True)
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), env=self._server_environment(), stdout=log, stderr=log
            )
        deadline = time.monotonic() + _START
        while self._pactl("info").returncode != 0:
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                pytest.fail("pulseaudio: " + (self._folder / "server.log").read_text())
            time.sleep(0.01)
        self._pactl("set-default-sink", SPEAKER)
        self._pactl("set-default-source", MICROPHONE)

    def offer_microphone(self) -> None:
        """Offer the room's sound as a microphone to programs that use no monitors, as Chromium."""
        made = self._pactl(
            "load-module", "module-remap-source", "source_name=remapped", f"master={MICROPHONE}"
        )
        assert made.returncode == 0, made.stderr
        self._pactl("set-default-source", "remapped")

    def reflect(self, percent: int = 40) -> None:
        """Let the room hear the speaker, as quietly as a percentage says."""
        made = self._pactl(
            "load-module", "module-loopback", f"source={HEARD}", f"sink={ROOM}", "latency_msec=30"
        )
        assert made.returncode == 0, made.stderr
        (stream, *_) = self._pactl("list", "short", "sink-inputs").stdout.decode().split()
        assert self._pactl("set-sink-input-volume", stream, f"{percent}%").returncode == 0

    def kill(self) -> None:
        """Kill the server, as when the sound card is unplugged. Idempotent."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def halt(self) -> None:
        """Suspend the server until `resume`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume a suspended server."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Restart the server, so that every device disappears and returns."""
        self.kill()
        self.start()

    def play(self, sound: Path | bytes, sink: str = ROOM, rate: int = 16000) -> None:
        """Play a WAV file or samples into a sink; return after playback."""
        if isinstance(sound, Path):
            command = ["paplay", f"--device={sink}", str(sound)]
            data, seconds = None, sound.stat().st_size / 8000
        else:
            command = ["pacat", "--raw", f"--device={sink}", *_shape(rate), "--latency-msec=50"]
            data, seconds = sound, len(sound) / 2 / rate
        subprocess.run(
            command,
            input=data,
            env=self._client_environment(),
            check=True,
            timeout=seconds + _PLAY_SLACK,
        )

    @contextmanager
    def record(self, source: str = HEARD, rate: int = 16000) -> Iterator[bytearray]:
        """Record a source during the block; afterwards the yielded array has the samples.

        Inside the block, the array is empty. Recording has begun when the block begins.
        """
        heard = bytearray()
        file = self._folder / f"recorded-{time.monotonic_ns()}.raw"
        command = ["parec", "--raw", f"--device={source}", *_shape(rate), "--latency-msec=20"]
        with file.open("wb") as output:
            process = subprocess.Popen(command, env=self._client_environment(), stdout=output)
        try:
            deadline = time.monotonic() + _START
            while not file.stat().st_size:
                if process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"parec records nothing from {source}")
                time.sleep(0.01)
            yield heard
        finally:
            process.terminate()
            process.wait()
            heard += file.read_bytes()

    def streams(self) -> int:
        """Return the number of clients that record or play now."""
        listing = [self._pactl("list", "short", kind) for kind in ("sink-inputs", "source-outputs")]
        return sum(len(answer.stdout.splitlines()) for answer in listing)

    def recordings(self) -> int:
        """Return the number of programs that record now."""
        listed = self._pactl("list", "short", "source-outputs").stdout
        return len(listed.splitlines())

    def _pactl(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["pactl", *arguments], env=self._client_environment(), capture_output=True, timeout=10
        )

    def _command(self) -> list[str]:
        # without norewinds, a null sink is rendered two seconds ahead, and a recording lags by that
        modules = [
            f"module-native-protocol-unix socket={self._socket} auth-anonymous=1",
            f"module-null-sink sink_name={SPEAKER} rate=48000 norewinds=1",
            f"module-null-sink sink_name={ROOM} rate=48000 norewinds=1",
        ]
        return [
            "pulseaudio",
            "-n",
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--disallow-exit",
            "--use-pid-file=no",
            "--disable-shm=yes",
            # where it may, the server goes before the tests, as on a desktop: a null sink that is
            # scheduled late drops sound
            "--high-priority=yes",
            "--realtime=yes",
            "--log-target=stderr",
            *(part for module in modules for part in ("-L", module)),
        ]

    def _client_environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment}

    def _server_environment(self) -> dict[str, str]:
        folder = str(self._folder)
        own = {"HOME": folder, "XDG_RUNTIME_DIR": folder, "PULSE_STATE_PATH": folder}
        return {**os.environ, **own, "PULSE_RUNTIME_PATH": folder}


def _shape(rate: int) -> list[str]:
    return ["--format=s16le", "--channels=1", f"--rate={rate}"]


@pytest.fixture
def pulse(monkeypatch: pytest.MonkeyPatch) -> Iterator[PulseServer]:
    """A running PulseAudio that this process and its children use."""
    need("pulseaudio", "pulseaudio")
    need("pactl", "pulseaudio-utils")
    need("arecord", "alsa-utils")
    need_alsa_plugin()
    # the path of a socket is limited; pytest's folders can be too deep
    with TemporaryDirectory(prefix="pulse-") as folder:
        server = PulseServer(Path(folder))
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        server.start()
        yield server
        server.kill()


def need_alsa_plugin() -> None:
    """Skip the test if ALSA programs cannot reach PulseAudio."""
    name = "libasound_module_pcm_pulse.so"
    if not any(Path("/usr/lib").glob(f"*/alsa-lib/{name}")):
        pytest.skip(f"{name} is not installed (Debian package libasound2-plugins)")
