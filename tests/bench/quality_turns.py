"""Word errors of requests in turns of a whole satellite, beside those of the requests alone.

    python -m tests.bench.quality_turns [--model whisper-base] [--requests N] [--first K]
        [--gaps 0.15 0.3 0.6] [--paths served wyoming esphome] [--details]

The satellite is a process with default settings that hears "okay nabu" and a request at the pace of
a microphone. Its speech-to-text is `satellite --server asr`, another process. Three paths lead
there:

- `served`: the satellite asks the server itself;
- `wyoming`: a real Home Assistant 2026.11 drives the satellite by its Wyoming role, and asks the
  server for the text;
- `esphome`: the same by ESPHome's API, as a new satellite is added.

Requests and wake words are those of quality.py, whose listener and servers are the same without the
processes between them. Printed for each path and pause: the word error rate, the words that were
added to what was said, the wake words that were missed, the turns that failed, and the requests
during which the satellite lost sound: on a machine that is too busy for speech in real time. The
exit code is 1 if a rate is more than 0.02 above that of the requests alone, more words are added
than there, or a turn failed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.bench.asr import transcribe
from tests.bench.quality_sounds import REQUESTS, Spoken, in_a_room
from tests.bench.word_errors import WordErrors
from tests.homeassistant.real import installation
from tests.homeassistant.real.esphome_device import esphome_device, need_esphome
from tests.homeassistant.real.install import NEW, need
from tests.homeassistant.real.satellite import connected_satellite
from tests.homeassistant.real.services import furnished
from tests.support import microphone
from tests.support.ports import free_port
from tests.support.program import Program, satellite
from tests.support.real_models import Unavailable, fetched
from tests.support.real_voice import VOICE

PATHS = ("served", "wyoming", "esphome")
GAPS = (0.15, 0.3, 0.6)
"""Seconds between wake word and request."""

WORD = "okay_nabu"
SETTINGS = "language=en&cpu_threads=2"
"""Options of Whisper; all others are its defaults."""

WORSE = 0.02
"""How far a word error rate may be above that of the requests alone."""

MISSED = 8.0
"""Seconds after a request in which its wake word is still reported on a busy machine."""
QUIET = 1.5
"""Seconds without a turn after which no more of one follows: longer than a pause in a request."""
PATIENCE = 180.0
"""Seconds for a start or a turn on a busy machine."""


class Heard(NamedTuple):
    """What became of a request whose wake word was heard."""

    text: str
    """The last transcript; empty if there was none."""
    outcome: str
    """How its turn ended."""
    lost: int
    """Times that the satellite lost sound meanwhile: the machine was too busy."""


class Ear:
    """A satellite's process and the microphone that it listens to."""

    def __init__(self, program: Program, folder: Path) -> None:
        """`folder` is the one of `microphone.say`."""
        self._program = program
        self._folder = folder

    def hear(self, audio: bytes) -> Heard | None:
        """Let the satellite hear 16 kHz mono; return what became of it, None if not woken."""
        wakes, phases, texts = self._count("wake"), self._count("phase"), len(self._texts())
        losses = self._count("audio_loss")
        microphone.say(self._folder, audio)
        time.sleep(len(audio) / 2 / microphone.RATE)
        deadline = time.monotonic() + MISSED
        while self._count("wake") == wakes:
            if time.monotonic() > deadline:
                return None
            time.sleep(0.1)
        self._program.wait_until(lambda: self._is_over(phases), "end of the turn", PATIENCE)
        found = self._texts()[texts:]
        outcome = self._program.events("turn_end")[-1]["outcome"]
        lost = self._count("audio_loss") - losses
        return Heard(found[-1] if found else "", outcome, lost)

    def _count(self, kind: str) -> int:
        return len(self._program.events(kind))

    def _texts(self) -> list[str]:
        return [event["text"] for event in self._program.events("transcript") if event["final"]]

    def _is_over(self, before: int) -> bool:
        """Return whether a turn has begun after a number of phases, and is over."""
        phases = self._program.events("phase")
        if len(phases) == before or phases[-1]["phase"] != "idle":
            return False
        return bool(time.monotonic() - phases[-1]["mono"] > QUIET)


@contextmanager
def server(folder: Path, model: Path) -> Iterator[int]:
    """Run a server during this block; yield its port."""
    port = free_port()
    place = ("--host", "127.0.0.1", "--asr-port", str(port), "--no-zeroconf")
    whisper = f"faster-whisper:{model}?{SETTINGS}"
    with satellite(folder, "--server", "asr", *place, "--asr", whisper, name="server") as program:
        program.wait_for("ready", timeout=PATIENCE)
        yield port


@contextmanager
def served(folder: Path, model: Path) -> Iterator[Ear]:
    """Run a satellite beside a server during this block."""
    heard = folder / "microphone"
    heard.mkdir()
    own = (
        *("--mic", f"command:{sys.executable} {microphone.__file__} {heard}"),
        *("--speaker", f"wav:{folder / 'out.wav'}", "--llm", "intents", "--tts", "espeak"),
        *("--listen", "tcp://127.0.0.1:0", "--no-zeroconf"),
    )
    with (
        server(folder, model) as port,
        satellite(folder, *own, "--asr", f"tcp://127.0.0.1:{port}", name="own") as program,
    ):
        program.wait_for("ready", timeout=PATIENCE)
        yield Ear(program, heard)


@contextmanager
def at_home(folder: Path, model: Path, esphome: bool) -> Iterator[Ear]:
    """Run a Home Assistant with our services and a satellite that it drives during this block."""
    for name in ("house", "services", "kitchen"):
        (folder / name).mkdir()
    # the sound of the answers is written at once instead of played in real time
    more = ("--wake", "auto", "--speaker", f"wav:{folder / 'out.wav'}", "--set", "cues.awake=true")
    whisper = ("--asr", f"faster-whisper:{model}?{SETTINGS}")
    roles = ("asr", "llm", "tts")
    services = folder / "services"
    with (
        installation.running(need(NEW), folder / "house") as home_assistant,
        furnished(home_assistant, services, roles, *whisper, patience=PATIENCE) as home,
    ):
        kitchen = folder / "kitchen"
        if esphome:
            with esphome_device(home, kitchen, more) as device:
                device.add()
                yield Ear(device.program, kitchen / "microphone")
        else:
            with connected_satellite(home, kitchen, *more) as place:
                yield Ear(place.program, kitchen / "microphone")


def opened(path: str, folder: Path, model: Path) -> AbstractContextManager[Ear]:
    """Return the satellite of a path."""
    if path == "served":
        return served(folder, model)
    return at_home(folder, model, esphome=path == "esphome")


class Trial:
    """The result of one path and pause."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.total = WordErrors()
        self.missed = 0
        """Requests whose wake word was not heard."""
        self.lost = 0
        """Requests in which the satellite lost sound."""
        self.failed: list[str] = []
        """Requests without a transcript because their turns failed, as where the server took
        longer than its deadline; their words do not count."""

    def add(self, said: str, heard: Heard | None) -> None:
        """Add a request; None if the wake word was missed."""
        if heard is None:
            self.missed += 1
            return
        self.lost += heard.lost > 0
        if heard.outcome == "failed" and not heard.text:
            self.failed.append(said)
        else:
            self.total.add(said, heard.text)

    def report(self, details: bool) -> None:
        """Print the row."""
        total = self.total
        counts = (total.spoken, total.added, self.missed, len(self.failed), self.lost)
        cells = (f"{total.rate:.3f}", *counts)
        print(f"{self.name:20}" + "".join(f"{cell:>8}" for cell in cells), flush=True)
        if details:
            for said, written in total.wrong:
                print(f"    {said!r} as {written!r}", flush=True)
            for said in self.failed:
                print(f"    {said!r}: the turn failed", flush=True)

    def worse_than(self, alone: Trial) -> bool:
        """Return whether it is worse than the requests alone, by more than is allowed."""
        added = self.total.added > alone.total.added
        return added or bool(self.failed) or self.total.rate > alone.total.rate + WORSE


def alone(folder: Path, model: Path, texts: Sequence[str], spoken: Spoken) -> Trial:
    """Return the result of the requests without a wake word, sent to a server."""
    trial = Trial("alone")
    with server(folder, model) as port:
        for number, text in enumerate(texts):
            audio = in_a_room(spoken.requests[number], 0.5, 0.7, number)
            written = asyncio.run(transcribe(port, audio))[0]
            trial.add(text, Heard(written, "answered", 0))
    return trial


def compare(flags: argparse.Namespace, model: Path, voice: Path) -> bool:
    """Run all paths; return whether one is worse than the requests alone."""
    texts = REQUESTS[flags.first :][: flags.requests]
    spoken = asyncio.run(Spoken.make(voice, texts))
    heads = ("WER", "words", "added", "missed", "failed", "lost")
    print(f"{'':20}" + "".join(f"{head:>8}" for head in heads), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        bare = alone(Path(folder), model, texts, spoken)
    bare.report(flags.details)
    worse = False
    for path in flags.paths:
        with tempfile.TemporaryDirectory() as folder, opened(path, Path(folder), model) as ear:
            for gap in flags.gaps:
                trial = Trial(f"{path}, {gap} s")
                for number, text in enumerate(texts):
                    trial.add(text, ear.hear(spoken.after(WORD, number, gap)))
                trial.report(flags.details)
                worse |= trial.worse_than(bare)
    return worse


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--model", choices=("whisper-base", "whisper-tiny.en"), default="whisper-base"
    )
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--requests", type=int, default=len(REQUESTS))
    parser.add_argument("--gaps", type=float, nargs="*", default=GAPS, metavar="SECONDS")
    parser.add_argument("--paths", nargs="*", default=PATHS, choices=PATHS)
    parser.add_argument("--details", action="store_true", help="print each wrong transcript")
    flags = parser.parse_args()
    try:
        model, voice = fetched(flags.model), fetched(VOICE)
        if set(flags.paths) - {"served"}:
            need(NEW)
        if "esphome" in flags.paths:
            need_esphome()
    except (Unavailable, pytest.skip.Exception) as error:
        sys.exit(str(error))
    sys.exit(compare(flags, model, voice))


if __name__ == "__main__":
    main()
