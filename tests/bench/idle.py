"""CPU, memory and start-up time of listening, beside rhasspy's satellite.

    python -m tests.bench.idle [--seconds 20] [--peers FOLDER]

The peers are `wyoming-satellite` and `wyoming-openwakeword`, on the search path or in the
environments FOLDER/sat and FOLDER/oww; without them their rows are left out. Every microphone is
the same program, which is not counted.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from satellite.audio.wavfile import write_wav
from satellite.values import SPEECH
from tests.bench.load import Load, measure
from tests.bench.port_wait import listens
from tests.support.acoustics import pcm, room_noise
from tests.support.program import satellite
from tests.support.speech import speak

WARM_UP = 8.0
"""Seconds before measuring: models are loaded, and the noise of the room is known."""

WAKES = ("openwakeword", "microwakeword", "two-stage")

TALK = (
    "The quick brown fox jumps over the lazy dog while the rain keeps falling on the old roof.",
    "I went to the market yesterday and bought apples, bread, and a rather expensive cheese.",
    "Nobody knows exactly when the train will arrive, so let us wait in the small cafe.",
)


def tapes(folder: Path) -> dict[str, Path]:
    """Write the sounds: a quiet room, and continuous talk."""
    talk = b"".join(speak(text, voice) for text in TALK for voice in ("en-us", "en-gb", "en-us+f3"))
    sounds = {"quiet": quiet_room(), "talk": talk}
    for name, sound in sounds.items():
        write_wav(folder / f"{name}.wav", SPEECH, sound)
    return {name: folder / f"{name}.wav" for name in sounds}


def quiet_room() -> bytes:
    """20 s at night: noise at -58 dBFS, a mains hum, a knock, and a cup being put down."""
    room = room_noise(20.0, -58.0)
    for start in (11.0, 17.0, 17.2, 17.5):
        knock = np.exp(-np.arange(1600) / 200) * np.sin(np.arange(1600) * 0.3)
        room[round(start * 16000) :][:1600] += 300 * knock
    return pcm(room)


def mic(tape: Path) -> str:
    return f"{sys.executable} -m tests.bench.looped_microphone {tape}"


@contextmanager
def ours(folder: Path, tape: Path, wake: str) -> Iterator[tuple[list[int], float]]:
    """Run our satellite; yield its process and the seconds until it was ready."""
    began = time.monotonic()
    speaker = f"wav:{folder / 'out.wav'}"
    arguments = ("--mic", f"command:{mic(tape)}", "--speaker", speaker, "--wake", wake)
    name = f"{wake}-{tape.stem}"
    with satellite(folder, *arguments, "--no-zeroconf", name=name) as program:
        (ready,) = program.wait_for("ready")
        yield [program.process.pid], ready["mono"] - began
        if heard := program.events("wake"):
            print(f"  (woken {len(heard)} times while it was measured)")


@contextmanager
def peers(folder: Path, tape: Path, programs: tuple[str, str]) -> Iterator[tuple[list[int], float]]:
    """Run wyoming-satellite with wyoming-openwakeword; ready is when both accept connections."""
    sat, oww = programs
    began = time.monotonic()
    wake = ["--uri", "tcp://127.0.0.1:20400"]
    listen = [
        *("--name", "peer", "--uri", "tcp://127.0.0.1:20700", "--mic-command", mic(tape)),
        *("--snd-command", "cat", "--wake-uri", "tcp://127.0.0.1:20400"),
        *("--wake-word-name", "okay_nabu"),
    ]
    with ExitStack() as stack, (folder / "peers.log").open("w") as log:
        pids = []
        for command, port in (([oww, *wake], 20400), ([sat, *listen], 20700)):
            process = stack.enter_context(subprocess.Popen(command, stdout=log, stderr=log))
            stack.callback(process.kill)
            pids.append(process.pid)
            listens(port)
        yield pids, time.monotonic() - began


def find_peers(folder: Path | None) -> tuple[str, str] | None:
    """Return the peers' programs; None where they are not installed."""
    names = (("sat", "wyoming-satellite"), ("oww", "wyoming-openwakeword"))
    found = [
        shutil.which(str(folder / where / "bin" / name) if folder else name)
        for where, name in names
    ]
    return (found[0], found[1]) if found[0] and found[1] else None


def row(name: str, sound: str, load: Load, ready: float) -> None:
    print(f"{name:24} {sound:8} {load.cores:7.4f} {load.pss:7.1f} {load.rss:7.1f} {ready:7.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--peers", type=Path)
    options = parser.parse_args()
    found = find_peers(options.peers)
    cores: dict[tuple[str, str], float] = {}
    print(f"{'':24} {'sound':8} {'cores':>7} {'PSS MB':>7} {'RSS MB':>7} {'ready s':>7}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for sound, tape in tapes(folder).items():
            runs = {wake: ours(folder, tape, wake) for wake in WAKES}
            if found:
                runs["peers"] = peers(folder, tape, found)
            for kind, run in runs.items():
                with run as (pids, ready):
                    time.sleep(WARM_UP)
                    load = measure(pids, options.seconds)
                cores[kind, sound] = load.cores
                row("rhasspy's satellite" if kind == "peers" else kind, sound, load, ready)
    if not found:
        print("wyoming-satellite and wyoming-openwakeword are not installed: no ratios")
        return
    for (kind, sound), value in cores.items():
        if kind != "peers":
            print(f"{kind} / peers, {sound}: {value / cores['peers', sound]:.2f}")


if __name__ == "__main__":
    main()
