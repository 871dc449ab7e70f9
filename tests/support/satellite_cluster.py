"""Satellites of one home, each on own own machine, that hear a person at different levels.

The processes, their network and their sound are real; the microphones are `microphone`, the
speakers `loudspeaker`. What one satellite does is read from own event log and own speaker.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.support import recordings
from tests.support.debian import need
from tests.support.microphone import say
from tests.support.netns import Namespace, network
from tests.support.program import Program, satellite
from tests.support.speech import ROOT, silence, speak

REQUEST = "what time is it"
SPREAD = 0.08
"""Seconds between the first and the last satellite that hears the word: a detector's hop."""
NOISE = 6.0
"""Root mean square of a microphone's noise (full scale is 32768)."""
QUIET = 200
"""Samples below this are inaudible."""


class Outcome(msgspec.Struct, frozen=True):
    """The outcome of one wake word."""

    best: int
    """The best placed satellite."""
    answered: tuple[int, ...]
    """The satellites that answered."""
    took: tuple[int, ...]
    """The satellites that started a turn, with any outcome."""
    heard: tuple[int, ...]
    """The satellites that made any sound."""
    waited: float
    """Seconds from the answering detector's wake to the decision."""
    cue: float
    """Seconds from the answering detector's wake to the cue at the speaker."""
    yielded: int
    """Number of satellites that detected the word and yielded."""
    log: str
    """A log of all events, for a failing test."""

    @property
    def fine(self) -> bool:
        """Whether only the best placed satellite answered and made a sound."""
        return self.answered == (self.best,) and self.heard == (self.best,)


class SatelliteCluster:
    """Running satellites; `ask` plays the word and a request to all of them."""

    def __init__(self, folders: Sequence[Path], programs: Sequence[Program], seed: int) -> None:
        self.programs = programs
        self._folders = folders
        self._random = np.random.default_rng(seed)
        self._word = recordings.okay_nabu()
        self._marks = [0] * len(programs)
        self._said = [0] * len(programs)
        self._sounds: list[set[Path]] = [set() for _ in programs]

    def ask(self, gains: Sequence[float]) -> Outcome:
        """Play the word and a request; `gains` are dB at each microphone, in any order."""
        order = self._random.permutation(len(self.programs))
        levels = [gains[n] for n in order]
        best = int(np.argmax(levels))
        for number, program in enumerate(self.programs):
            self._marks[number] = len(program.events())
            self._sounds[number] = set(_played(self._folders[number]))
        spoken = [self._at(level) for level in levels]
        for folder, pcm in zip(self._folders, spoken, strict=True):
            say(folder / "mic", pcm)
        self._settle()
        return self._outcome(best)

    def _at(self, gain: float) -> bytes:
        late = bytes(2 * round(self._random.uniform(0, SPREAD) * 16000))
        whole = late + self._word + silence(0.3) + speak(REQUEST) + silence(0.1)
        sound = np.frombuffer(whole, "<i2") * 10 ** (gain / 20)
        sound = sound + self._random.normal(0, NOISE, len(sound))
        return np.clip(np.rint(sound), -32768, 32767).astype("<i2").tobytes()

    def _settle(self, timeout: float = 40.0) -> None:
        """Wait until all started turns have ended and all satellites are idle for a moment."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            time.sleep(0.05)
            events = [self._events(number) for number in range(len(self.programs))]
            for program in self.programs:
                assert program.process.poll() is None, program.report()
            begun = [_of(own, "wake") for own in events]
            ended = [_of(own, "turn_end") for own in events]
            done = all(len(b) == len(e) for b, e in zip(begun, ended, strict=True))
            if any(begun) and done:
                time.sleep(0.6)
                return

    def _events(self, number: int) -> list[dict[str, Any]]:
        return self.programs[number].events()[self._marks[number] :]

    def _outcome(self, best: int) -> Outcome:
        events = [self._events(number) for number in range(len(self.programs))]
        sounds = [
            sorted(set(_played(folder)) - before)
            for folder, before in zip(self._folders, self._sounds, strict=True)
        ]
        sounds = [[file for file in files if _audible(file)] for files in sounds]
        answered = [
            number
            for number, own in enumerate(events)
            if any(event["outcome"] == "answered" for event in _of(own, "turn_end"))
        ]
        waited = cue = float("nan")
        for number in answered[:1]:
            for chosen in _of(events[number], "chosen")[:1]:
                waited = chosen["waited"]
                cue = min(int(file.stem) for file in sounds[number]) / 1e9 if sounds[number] else 0
                cue -= chosen["mono"] - waited
        return Outcome(
            best,
            tuple(answered),
            tuple(
                number
                for number, own in enumerate(events)
                if any(event["outcome"] != "cancelled" for event in _of(own, "turn_end"))
            ),
            tuple(number for number, files in enumerate(sounds) if files),
            waited,
            cue,
            sum(bool(_of(own, "yielded")) for own in events),
            "\n".join([*self._likeness(), *_log_lines(events)]),
        )

    def _likeness(self) -> Iterator[str]:
        """Yield the satellites' log lines on the election since the word was played."""
        for number, program in enumerate(self.programs):
            said = program.errors()
            lines = said[self._said[number] :].splitlines()
            self._said[number] = len(said)
            yield from (f"{number}: {line}" for line in lines if "rooms" in line)


@contextmanager
def satellite_cluster(
    folder: Path,
    wake: str,
    *,
    count: int = 3,
    loss: int = 0,
    late_clock: bool = True,
    seed: int = 0,
    environment: Mapping[str, str] | None = None,
) -> Iterator[SatelliteCluster]:
    """Run satellites that know each other. Each loses `loss` percent of own incoming packets,
    and the last has a clock that is an hour off. Skips the test if that is impossible."""
    with network(count) as machines, ExitStack() as stack:
        folders, programs = [], []
        for number, machine in enumerate(machines):
            if loss:
                _lose(machine, loss)
            own = folder / f"room{number}"
            (own / "mic").mkdir(parents=True)
            (own / "out").mkdir()
            off = late_clock and number == count - 1
            programs.append(
                stack.enter_context(
                    satellite(
                        own,
                        *_arguments(own, number, wake),
                        prefix=machine.prefix,
                        environment={"PYTHONPATH": str(ROOT), **(environment or {})},
                        module="tests.support.wrong_clock" if off else "satellite",
                    )
                )
            )
            folders.append(own)
        for program in programs:
            program.wait_for("ready", timeout=90)
        time.sleep(2.0)  # they have sent three discovery queries
        yield SatelliteCluster(folders, programs, seed)


def _played(folder: Path) -> Iterator[Path]:
    return (folder / "out").glob("*.raw")


def _arguments(own: Path, number: int, wake: str) -> list[str]:
    python = sys.executable
    return [
        *("--name", f"room {number}", "--wake", wake, "--brain", "local"),
        *("--mic", f"command:{python} -m tests.support.microphone {own / 'mic'}"),
        *("--speaker", f"command:{python} -m tests.support.loudspeaker {own / 'out'}"),
        *("--asr", "pocketsphinx", "--llm", "intents", "--tts", "espeak"),
        *("--set", "homeassistant.listen=", "--log-level", "debug"),
    ]


def _lose(machine: Namespace, percent: int) -> None:
    nft = need("nft", "nftables")
    for rule in (
        "add table inet loss",
        "add chain inet loss input { type filter hook input priority 0 ; }",
        f"add rule inet loss input numgen random mod 100 < {percent} drop",
    ):
        done = subprocess.run([*machine.prefix, nft, rule], capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"packets cannot be lost here: {done.stderr.strip()}")


def _audible(file: Path) -> bool:
    samples = np.frombuffer(file.read_bytes()[: file.stat().st_size // 2 * 2], "<i2")
    return bool(len(samples)) and int(np.abs(samples.astype(int)).max()) > QUIET


def _log_lines(events: list[list[dict[str, Any]]]) -> Iterator[str]:
    for number, own in enumerate(events):
        yield from (f"{number}: {event}" for event in own)


def _of(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == kind]
