"""Time from the true end of a request to the first sound of the answer, through Home Assistant.

    python -m tests.bench.first_word_home [--model whisper-tiny.en] [--first K] [--requests N]
        [--peers FOLDER] [--alone] [-v]

A real Home Assistant 2026.11 runs an Assist pipeline of our services (Whisper, the sentences and
the Piper voice en_US-joe-medium, in a process of their own), and hears requests at the pace of a
microphone: first where its own voice detector ends each request, then where our speech-to-text
does (`listen.by_meaning`). With `--peers`, it then hears them with `wyoming-faster-whisper` and
`wyoming-piper`, the same models and its own brain; the folder holds their virtual environment `fw`.
With `--alone`, one satellite of ours hears them without Home Assistant, as in
`tests.bench.first_word`. Half of the requests have a pause in the middle. The first sound is that
of the speech service, and with `--alone` that at the speaker. Each request is followed by four
seconds of silence.

The exit code is 1 if our early end is no faster in the median, or has any transcript with more
wrong words than Home Assistant's end.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from satellite.audio.wavfile import write_wav
from satellite.values import SPEECH
from tests.bench import first_word
from tests.bench.first_word import Choice, p95, pauses
from tests.bench.first_word_texts import BROKEN, WHOLE
from tests.bench.speech_peers import speech_peers
from tests.bench.word_errors import errors, words
from tests.homeassistant.real import installation
from tests.homeassistant.real.install import NEW, need
from tests.homeassistant.real.installation import Installation
from tests.homeassistant.real.services import PipelineHome, furnished
from tests.homeassistant.real.wyoming_tap import HOME, OURS
from tests.support.real_models import real_model
from tests.support.real_voice import TRAIL, VOICE, speak_all
from tests.support.speech import silence

ITS_END, OUR_END, PEERS = "Home Assistant's end", "our early end", "the peers"
"""Names of the runs."""


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


def spoken(first: int, count: int, seed: int) -> list[tuple[str, float, bytes]]:
    """Return requests with the seconds of their pauses, and their sound."""
    chosen = slice(first, first + count)
    whole, broken = WHOLE[chosen], BROKEN[chosen]
    texts = [*whole, *(part for parts in broken for part in parts)]
    said = dict(zip(texts, asyncio.run(speak_all(real_model(VOICE), texts)), strict=True))
    found = [(text, 0.0, said[text]) for text in whole]
    for (first, second), pause in zip(broken, pauses(len(BROKEN), seed)[chosen], strict=True):
        found.append((f"{first} {second}", pause, said[first] + silence(pause) + said[second]))
    return found


def ask(home: PipelineHome, text: str, pause: float, audio: bytes) -> Heard:
    """Say a request; return when and how it was understood and answered."""
    marks = {role: len(home.taps[role].events) for role in ("asr", "tts")}
    heard = Heard(text, pause)
    lead = silence(0.5)
    loop = home.home_assistant.loop
    loop.run(home.api.service("tts.clear_cache"))  # an answer given before is spoken again
    done = home.run("stt", "tts", audio=lead + audio)
    heard.transcript = done.transcript or ""
    if done.error is None:
        loop.run(home.api.fetch(done.url))
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


@contextmanager
def our_home(
    home_assistant: Installation, folder: Path, model: Path, voice: Path, by_meaning: bool
) -> Iterator[PipelineHome]:
    """Run our services in Home Assistant."""
    more = ("--asr", f"faster-whisper:{model}", "--tts", f"piper:{voice}")
    more += ("--set", f"listen.by_meaning={str(by_meaning).lower()}")
    with furnished(home_assistant, folder, ("asr", "llm", "tts"), *more) as home:
        yield home


@contextmanager
def peers_home(
    home_assistant: Installation, folder: Path, model: Path, voice: Path, peers: Path
) -> Iterator[PipelineHome]:
    """Run the peers' services in Home Assistant."""
    with speech_peers(folder, peers, model, voice) as ports:
        home = PipelineHome(home_assistant, ports)
        with home.furnished():
            yield home


def run(folder: Path, name: str, options: argparse.Namespace) -> list[Heard]:
    """Run Home Assistant and the services of the run of this name, and say the requests."""
    model, voice = real_model(options.model), real_model(VOICE) / "en_US-joe-medium.onnx"
    requests = spoken(options.first, options.requests, options.seed)
    (folder / "house").mkdir()
    (folder / "services").mkdir()
    with installation.running(need(NEW), folder / "house") as home_assistant:
        place = (home_assistant, folder / "services", model, voice)
        with (
            peers_home(*place, options.peers)
            if name == PEERS
            else our_home(*place, by_meaning=name == OUR_END)
        ) as home:
            ask(home, "", 0.0, silence(0.5))  # the first pipeline of all is slower
            return [ask(home, *request) for request in requests]


async def run_alone(folder: Path, options: argparse.Namespace) -> None:
    """Let one satellite hear the requests without Home Assistant, and print the run."""
    model, voice = real_model(options.model), real_model(VOICE) / "en_US-joe-medium.onnx"
    choice = Choice(options.first, options.requests, options.seed, other=False)
    sound, requests = await first_word.tape(choice)
    write_wav(folder / "in.wav", SPEECH, sound)
    cpu = await first_word.run(folder, first_word.own(model, voice), requests, by_meaning=True)
    first_word.report("ours without Home Assistant", requests, cpu)


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
            f"{statistics.median(sounds):.2f} s (p50), {p95(sounds):.2f} "
            f"s (p95); wrong words {sum(each.wrong for each in chosen)}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="whisper-tiny.en")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--requests", type=int, default=len(WHOLE))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", type=Path, help="folder with the peers' environment fw")
    parser.add_argument("--alone", action="store_true", help="once more without Home Assistant")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    results = {}
    if options.alone:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(run_alone(Path(folder), options))
    for name in (ITS_END, OUR_END, *([PEERS] if options.peers else [])):
        with tempfile.TemporaryDirectory() as folder:
            heard = run(Path(folder), name, options)
        report(name, heard)
        results[name] = heard
        if options.verbose:
            for each in heard:
                print(f"  {each}")
    medians = {
        name: statistics.median(h.first_sound for h in heard if h.first_sound and not h.pause)
        for name, heard in results.items()
    }
    worse = [
        after.text
        for before, after in zip(results[ITS_END], results[OUR_END], strict=True)
        if after.wrong > before.wrong
    ]
    print(f"transcripts that are worse by our early end: {worse or 'none'}")
    sys.exit(bool(worse) or medians[OUR_END] >= medians[ITS_END])


if __name__ == "__main__":
    main()
