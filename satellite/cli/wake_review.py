"""`satellite wake review`: people say which detections of the wake word were wrong."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Literal

import click

from satellite.builtin.wake.bundled_models import spelled
from satellite.builtin.wake.embedding_engine import EmbeddingEngine
from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.builtin.wake.reviewed import BOUND, Answer, Reviewed, reviewed_store
from satellite.builtin.wake.two_stage import TwoStage
from satellite.cli import command, flags
from satellite.cli.recordings import play_file
from satellite.cli.screen import count, echo, print_text
from satellite.cli.terminal import Terminal
from satellite.components import spec
from satellite.components.auto import wake_engine
from satellite.diagnostics.recordings.folder import Recording, RecordingFolder
from satellite.engines import assembly
from satellite.errors import AudioFileError, DeviceError, UsageError
from satellite.lib.bus import Bus
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.lib.persistence import StoredValue
from satellite.ports import EngineContext
from satellite.settings import Settings

QUESTION = "  Was this you saying the wake word? y/n/skip/quit"
_ANSWERS: dict[str, Literal["yes", "no", "skip", "quit"]] = {
    **dict.fromkeys(("y", "yes"), "yes"),
    **dict.fromkeys(("n", "no"), "no"),
    **dict.fromkeys(("", "s", "skip"), "skip"),
    **dict.fromkeys(("q", "quit"), "quit"),
}


@command.command("review")
@command.option("--undo", is_flag=True, help="Restore the thresholds before the latest review")
@flags.setting("recordings.folder")
@flags.engine("wake", "speaker")
@flags.common
@click.pass_context
def review(context: click.Context, undo: bool) -> None:
    """Say which detections of the wake word were wrong.

    Plays each recording of a sound that was nearly the wake word (recordings.near_misses), and of
    a wake after which nothing was said (recordings.turns). The answers move the word's threshold
    by a step at most, and after several reviews by two.
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    store = reviewed_store(settings.name)
    if undo:
        _undo(store)
        return
    reviewed = store.read()
    found = _to_review(RecordingFolder(settings.recordings), reviewed)
    if not found:
        print_text(
            "nothing to review: no new near miss, and no new wake with nothing said after it"
        )
        if not (settings.recordings.near_misses and settings.recordings.turns):
            print_text("set recordings.near_misses and recordings.turns to record both")
        return
    if not sys.stdin.isatty():
        raise UsageError("standard input is no terminal: satellite wake review asks at one")

    async def work(bus: Bus) -> None:
        await _require_adjustable(settings)
        answers = await _asked(settings, bus, found)
        if not answers:
            echo("nothing was answered; nothing is changed")
            return
        decided = await run_in_daemon_thread(
            lambda: store.change(lambda stored: stored.after(answers))
        )
        words = sorted({spelled(answer.word) for answer in answers})
        _print_decision(count(len(answers), "answer"), decided, words)

    invocation.run(work, recorded=False)


def _undo(store: StoredValue[Reviewed]) -> None:
    replaced: list[Reviewed] = []

    def undone(stored: Reviewed) -> Reviewed:
        before = stored.undone()
        if before is None:
            raise UsageError("there is no review to undo")
        replaced.append(stored)
        return before

    before = store.change(undone)
    words = sorted({*replaced[0].steps, *before.steps})
    _print_decision("the latest review is undone", before, words)


def _print_decision(what: str, reviewed: Reviewed, words: Sequence[str]) -> None:
    scores = "; ".join(f"{word} needs {_score(reviewed.step(word))}" for word in words)
    echo(f"{what}{': ' if scores else ''}{scores}")
    echo("a running satellite uses it after its next start")


def _score(step: int) -> str:
    if not step:
        return "the usual score"
    return f"a {'lower' if step < 0 else 'higher'} score ({count(abs(step), 'step')} of {BOUND})"


def _to_review(folder: RecordingFolder, reviewed: Reviewed) -> list[Recording]:
    """Return the recordings to ask about, the newest first."""
    return [
        each
        for each in folder.recordings()
        if each.id not in reviewed.answered
        and each.word
        and (each.kind == "near_miss" or each.outcome == "nothing_heard")
    ]


async def _require_adjustable(settings: Settings) -> None:
    """Raise `UsageError` for a wake engine whose thresholds are not adjusted."""
    component = wake_engine(settings.wake)
    if not spec.is_uri(component):
        engine = await assembly.create("wake", component, EngineContext())
        try:
            if isinstance(engine, EmbeddingEngine | MicroWakeWord | TwoStage):
                return
        finally:
            await engine.close()
    raise UsageError(
        f"{component}: answers adjust the engines of this machine: set wake to openwakeword, "
        "two-stage or microwakeword"
    )


async def _asked(settings: Settings, bus: Bus, found: Sequence[Recording]) -> list[Answer]:
    """Ask about recordings until the answer is quit, or the input ends."""
    ask, folder = Terminal(), RecordingFolder(settings.recordings)
    answers: list[Answer] = []
    for number, recording in enumerate(found, 1):
        near_miss = recording.kind == "near_miss"
        what = "rejected" if near_miss else "accepted, then nothing was said"
        score = "" if recording.score is None else f" with {recording.score:.2f}"
        echo(f"{number} of {len(found)}: {recording.word} {what}{score}, {recording.id}")
        file = str(folder.sound(recording.id))
        try:
            await play_file(settings, bus, file)
        except (DeviceError, AudioFileError) as error:
            echo(f"  not played ({error}): listen to {file}")
        answer = await _answer(ask)
        if answer == "quit":
            break
        if answer != "skip":
            word = recording.word or ""
            answers.append(Answer(recording.id, word, near_miss, spoken=answer == "yes"))
    return answers


async def _answer(ask: Terminal) -> Literal["yes", "no", "skip", "quit"]:
    while True:
        try:
            typed = await ask.text(QUESTION, "skip")
        except UsageError:  # the input has ended
            return "quit"
        if (found := _ANSWERS.get(typed.lower())) is not None:
            return found
        echo("  y, n, skip or quit?")
