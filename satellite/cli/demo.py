"""`satellite demo`: one whole turn with no hardware and no network, spoken to itself."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import click
import msgspec

from satellite import app, events
from satellite.audio.resample import Resampler
from satellite.audio.wavfile import write_wav
from satellite.cli import command, flags, logs
from satellite.cli.screen import print_table, print_text
from satellite.engines.assembly import opened
from satellite.errors import EngineFailed, SatelliteError, UsageError
from satellite.lib import privileges
from satellite.lib.bus import Bus
from satellite.lib.taskgroups import first_error
from satellite.settings import (
    DeadlineSettings,
    DuckingSettings,
    HomeAssistantSettings,
    HttpSettings,
    RecordingSettings,
    Settings,
    StatsSettings,
)
from satellite.values import SPEECH, SpeechRequest

OUTPUT = "satellite-demo.wav"

REQUEST = (
    ("okay nabu", "espeak:en-us+m3?rate=150"),
    ("what time is it", "espeak:en-us+f3?rate=150"),
)
"""The request, each phrase in the synthetic voice that its listener, the wake word or
speech-to-text, understands best (measured)."""

NAME = "demonstration"
"""The satellite's name: another one than this machine's, whose mute and timers stay its own."""

PATIENCE = 300.0
"""Seconds for each stage: on an emulated processor the whole turn takes two minutes, and is still
to be answered."""

PAUSE = 0.8
"""Seconds of silence around each phrase, as a person waits for the cue."""


@command.command()
@flags.engine("wake", "vad", "asr", "llm", "tts")
@command.option(
    "--output",
    metavar="FILE",
    default=OUTPUT,
    help=f"WAV file that the answer is written to  [default: {OUTPUT}]",
)
@flags.common
@click.pass_context
def demo(context: click.Context, output: str) -> None:
    """Run one whole turn without any hardware or network.

    The satellite speaks a request to itself, hears its wake word, understands the request, and
    writes the spoken answer to a WAV file.
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    logs.quieten("satellite")  # the lines of the turn report the same
    invocation.run(lambda bus: _demo(settings, bus, Path(output)))


async def _demo(settings: Settings, bus: Bus, output: Path) -> None:
    _store(b"", output)  # fail before the demonstration, not after it
    with tempfile.TemporaryDirectory(prefix="satellite-demo-") as folder:
        shown = await demonstrate(settings, bus, Path(folder, OUTPUT))
        _store(shown.output.read_bytes(), output)
    moments = timeline(shown.happened)
    print_table([(f"{m.at:7.2f} s", m.what, m.detail) for m in moments])
    if not shown.answered:
        raise EngineFailed(
            "the demonstration was not answered; the lines above show how far it came"
        )
    print_text(f"The spoken answer is in {output}.")


def _store(sound: bytes, output: Path) -> None:
    """Write the file, with root's rights if root called: its folder is root's."""
    try:
        with privileges.as_root():
            output.write_bytes(sound)
    except OSError as error:
        raise UsageError(
            f"{output} cannot be written: {error.strerror}; name another file with --output"
        ) from error


class Demonstration(msgspec.Struct, frozen=True):
    """The events of the turn, and the WAV file of the spoken answer."""

    happened: tuple[events.Event, ...]
    output: Path

    @property
    def answered(self) -> bool:
        """Return whether the request was answered aloud."""
        outcomes = [event.outcome for event in self.happened if isinstance(event, events.TurnEnd)]
        return outcomes == ["answered"]


class Moment(msgspec.Struct, frozen=True):
    """A line of the timeline; `at` in seconds from the wake word."""

    at: float
    what: str
    detail: str = ""


async def demonstrate(settings: Settings, bus: Bus, output: Path) -> Demonstration:
    """Speak a request to the satellite and write its answer to the WAV file `output`."""
    with tempfile.TemporaryDirectory(prefix="satellite-demo-") as folder:
        request = Path(folder) / "request.wav"
        await asyncio.to_thread(write_wav, request, SPEECH, await _request())
        settings = msgspec.structs.replace(
            settings,
            name=NAME,
            mic=f"wav:{request}",
            speaker=f"wav:{output}",
            brain="local",
            deadlines=DeadlineSettings(*[PATIENCE] * len(DeadlineSettings.__struct_fields__)),
            zeroconf=False,
            homeassistant=HomeAssistantSettings(listen=""),
            http=HttpSettings(port=0),
            ducking=DuckingSettings(enabled=False),
            stats=StatsSettings(enabled=False),
            recordings=RecordingSettings(),
            hooks=(),
        )
        with first_error(SatelliteError):
            async with bus.subscribe("demo") as happening, asyncio.TaskGroup() as tasks:
                tasks.create_task(app.run(settings, bus))
                happened = [event async for event in happening]
    return Demonstration(tuple(happened), output)


def timeline(happened: Sequence[events.Event]) -> list[Moment]:
    """Return the stages of the turn, in order, in seconds from the wake word."""
    start = next((event.mono for event in happened if isinstance(event, events.Wake)), 0.0)
    moments = []
    for event in happened:
        match event:
            case events.Wake(word=word, score=score):
                line = ("wake word", f"{word}, score {score:.2f}")
            case events.SpeechStart():
                line = ("voice begins", "")
            case events.SpeechEnd(decided_mono=decided):
                line = ("voice ends", f"detected {decided - event.mono:.2f} s later")
            case events.Transcript(final=True, text=text, engine=engine):
                line = ("understood", f'"{text}" by {engine}')
            case events.Reply(final=True, text=text, engine=engine):
                line = ("answer", f'"{text}" by {engine}')
            case events.AudioStart():
                line = ("first sound", "")
            case events.AudioEnd():
                line = ("last sound", "")
            case events.TurnEnd(outcome=outcome, error=error):
                line = (outcome.replace("_", " "), error or "")
            case _:
                continue
        moments.append(Moment(event.mono - start, *line))
    return sorted(moments, key=lambda moment: moment.at)


async def _request() -> bytes:
    """Return the spoken request, 16 kHz mono."""
    silence = bytes(SPEECH.bytes_of(PAUSE))
    spoken = [silence]
    for phrase, voice in REQUEST:
        async with opened("tts", Settings(tts=voice)) as tts:
            async with aclosing(tts.synthesize(SpeechRequest(text=phrase))) as chunks:
                async for chunk in chunks:
                    resampler = Resampler(chunk.format, SPEECH)
                    spoken.append(resampler.convert(chunk.audio) + resampler.flush())
            spoken.append(silence)
    return b"".join(spoken)
