"""Time from the true end of a request to the first sound of the answer, through Home Assistant.

    python -m tests.bench.first_word_home [--model whisper-tiny.en] [--requests N] [-v]

A real Home Assistant 2026.11 runs an Assist pipeline of our services (Whisper, the sentences and
the Piper voice en_US-joe-medium, in a process of their own), and hears requests at the pace of a
microphone: first where its own voice detector ends each request, then where our speech-to-text
does (`listen.by_meaning`). Half of the requests have a pause in the middle. The first sound is that
of the speech service. Each request is followed by four seconds of silence.

The exit code is 1 if the second run is no faster in the median, or has any transcript with more
wrong words than the first.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.first_word import pauses
from tests.bench.first_word_texts import BROKEN, WHOLE
from tests.bench.word_errors import errors, words
from tests.homeassistant.real import installation
from tests.homeassistant.real.install import NEW, need
from tests.homeassistant.real.services import FurnishedHome, furnished
from tests.homeassistant.real.wyoming_tap import HOME, OURS
from tests.support.real_models import real_model
from tests.support.real_voice import TRAIL, VOICE, speak_all
from tests.support.speech import silence


@dataclass
class Heard:
    """A request and what became of it."""

    text: str
    pause: float
    transcript: str = ""
    understood: float | None = None
    """Seconds from its true end to the transcript."""
    first_sound: float | None = None

    @property
    def wrong(self) -> int:
        return errors(words(self.text), words(self.transcript))


def spoken(count: int, seed: int) -> list[tuple[str, float, bytes]]:
    """Return requests with the seconds of their pauses, and their sound."""
    whole, broken = WHOLE[:count], BROKEN[:count]
    texts = [*whole, *(part for parts in broken for part in parts)]
    said = dict(zip(texts, asyncio.run(speak_all(real_model(VOICE), texts)), strict=True))
    found = [(text, 0.0, said[text]) for text in whole]
    for (first, second), pause in zip(broken, pauses(len(broken), seed), strict=True):
        found.append((f"{first} {second}", pause, said[first] + silence(pause) + said[second]))
    return found


def ask(home: FurnishedHome, text: str, pause: float, audio: bytes) -> Heard:
    """Say a request; return when and how it was understood and answered."""
    marks = {role: len(home.taps[role].events) for role in ("asr", "tts")}
    heard = Heard(text, pause)
    lead = silence(0.5)
    done = home.run("stt", "tts", audio=lead + audio)
    heard.transcript = done.transcript or ""
    if done.error is None:
        home.home_assistant.loop.run(home.api.fetch(done.url))
    received, end = 0, None
    for event in home.taps["asr"].since(marks["asr"], HOME, "audio-chunk"):
        received += event.size
        if end is None and received >= len(lead + audio) - 2 * TRAIL:
            end = event.at
    transcripts = home.taps["asr"].since(marks["asr"], OURS, "transcript")
    sounds = home.taps["tts"].since(marks["tts"], OURS, "audio-chunk")
    if end is None:  # it was cut before
        return heard
    heard.understood = transcripts[0].at - end if transcripts else None
    heard.first_sound = sounds[0].at - end if sounds else None
    return heard


def run(folder: Path, model: str, count: int, seed: int, by_meaning: bool) -> list[Heard]:
    """Run Home Assistant and our services, and say the requests."""
    voice = real_model(VOICE) / "en_US-joe-medium.onnx"
    requests = spoken(count, seed)
    more = (
        "--asr",
        f"faster-whisper:{real_model(model)}",
        "--tts",
        f"piper:{voice}",
        "--set",
        f"listen.by_meaning={str(by_meaning).lower()}",
    )
    (folder / "house").mkdir()
    (folder / "services").mkdir()
    with (
        installation.running(need(NEW), folder / "house") as home_assistant,
        furnished(home_assistant, folder / "services", ("asr", "llm", "tts"), *more) as home,
    ):
        ask(home, "", 0.0, silence(0.5))  # the first pipeline of all is slower
        return [ask(home, *request) for request in requests]


def report(name: str, heard: Sequence[Heard]) -> None:
    """Print a run."""
    for kind in ("whole", "with a pause"):
        chosen = [each for each in heard if bool(each.pause) == (kind == "with a pause")]
        texts = sorted(each.understood for each in chosen if each.understood is not None)
        sounds = sorted(each.first_sound for each in chosen if each.first_sound is not None)
        if not sounds:
            print(f"{name}, {kind}: no sound")
            continue
        print(
            f"{name}, {kind}: {len(sounds)} of {len(chosen)} answered; text after "
            f"{statistics.median(texts):.2f} s (p50), first sound after "
            f"{statistics.median(sounds):.2f} s (p50), {sounds[int(0.95 * (len(sounds) - 1))]:.2f} "
            f"s (p95); wrong words {sum(each.wrong for each in chosen)}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="whisper-tiny.en")
    parser.add_argument("--requests", type=int, default=len(WHOLE))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    results = {}
    for by_meaning in (False, True):
        with tempfile.TemporaryDirectory() as name:
            heard = run(Path(name), options.model, options.requests, options.seed, by_meaning)
        report("our early end" if by_meaning else "its own end", heard)
        results[by_meaning] = heard
        if options.verbose:
            for each in heard:
                print(f"  {each}")
    medians = {
        key: statistics.median(h.first_sound for h in heard if h.first_sound and not h.pause)
        for key, heard in results.items()
    }
    worse = [
        after.text
        for before, after in zip(results[False], results[True], strict=True)
        if after.wrong > before.wrong
    ]
    print(f"transcripts that are worse by our early end: {worse or 'none'}")
    sys.exit(bool(worse) or medians[True] >= medians[False])


if __name__ == "__main__":
    main()
