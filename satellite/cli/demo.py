"""`satellite demo`: one whole turn with no hardware and no network, spoken to itself."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import aclosing
from datetime import datetime
from pathlib import Path

import click
import msgspec

from satellite import app, events
from satellite.audio.resample import Resampler
from satellite.audio.wavfile import write_wav
from satellite.cli import command, flags, logs
from satellite.cli.screen import print_table, print_text
from satellite.components.spec import AUTO
from satellite.engines.assembly import opened, quick_gaps
from satellite.engines.language_gaps import LanguageGap
from satellite.errors import EngineFailed, LanguageUnknown, SatelliteError, UsageError
from satellite.languages import codes
from satellite.languages.examples import time_request
from satellite.languages.pack import ENGLISH
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
from satellite.text.speakable import speakable
from satellite.turns.context import label
from satellite.values import (
    SPEECH,
    Action,
    Declined,
    ReplyRequest,
    Situation,
    SpeechRequest,
)

OUTPUT = "satellite-demo.wav"

REQUEST = (
    ("okay nabu", "espeak:en-us+m3?rate=150"),
    ("what time is it", "espeak:en-us+f3?rate=150"),
)
"""The request, each phrase in the synthetic voice that its listener, the wake word or
speech-to-text, understands best (measured)."""

OTHER_VOICE = "espeak"
"""The voice of a request in another language where no better one is installed."""

NAME = "demonstration"
"""The satellite's name: another one than this machine's, whose mute and timers stay its own."""

PATIENCE = 300.0
"""Seconds for each stage: on an emulated processor the whole turn takes two minutes, and is still
to be answered."""

PAUSE = 0.8
"""Seconds of silence around each phrase, as a person waits for the cue."""


@command.command()
@flags.setting("language")
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
    writes the spoken answer to a WAV file. In a language without speech recognition here, it
    answers the written request, and says what to install.
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    logs.quieten("satellite")  # the lines of the turn report the same
    invocation.run(lambda bus: _demo(settings, bus, Path(output)))


async def _demo(settings: Settings, bus: Bus, output: Path) -> None:
    _store(b"", output)  # fail before the demonstration, not after it
    gaps = await quick_gaps(msgspec.structs.replace(settings, zeroconf=False, assistants={}))
    if any(gap.role == "asr" for gap in gaps):
        await _demonstrate_as_text(settings, gaps, output)
        return
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


async def _demonstrate_as_text(
    settings: Settings, gaps: Sequence[LanguageGap], output: Path
) -> None:
    """Answer a written request aloud. Raises `LanguageUnknown` in a language without a pack."""
    request = await asyncio.to_thread(time_request, settings.language)
    missing = "; ".join(map(str, gaps))
    if not request:
        raise LanguageUnknown(
            f"nothing can be demonstrated in the language {settings.language}: {missing}"
        )
    local = _alone(settings)
    async with opened("llm", local) as llm:
        asked = ReplyRequest(
            text=request,
            language=settings.language,
            situation=Situation(satellite=NAME, now=_now()),
        )
        async with aclosing(llm.reply(asked)) as parts:
            texts = [
                part.text if isinstance(part, Declined) else part
                async for part in parts
                if not isinstance(part, Action)
            ]
        answer, brain = "".join(texts), label(llm)
    async with opened("tts", local) as tts:
        spoken = SpeechRequest(
            text=speakable(answer), voice=settings.voice or None, language=settings.language
        )
        async with aclosing(tts.synthesize(spoken)) as speech:
            chunks = [chunk async for chunk in speech]
        voice = label(tts)
    if not chunks:
        raise EngineFailed("the demonstration was not answered: the answer has no sound")
    with tempfile.TemporaryDirectory(prefix="satellite-demo-") as folder:
        file = Path(folder, OUTPUT)
        await asyncio.to_thread(
            write_wav, file, chunks[0].format, b"".join(chunk.audio for chunk in chunks)
        )
        _store(file.read_bytes(), output)
    print_table([("request", f'"{request}", as text'), ("answer", f'"{answer}" by {brain}')])
    for gap in gaps:
        print_text(f"{gap}")
    print_text(f"The answer, spoken by {voice}, is in {output}.")


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


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
        await asyncio.to_thread(write_wav, request, SPEECH, await _request(settings))
        settings = msgspec.structs.replace(
            _alone(settings), mic=f"wav:{request}", speaker=f"wav:{output}"
        )
        with first_error(SatelliteError):
            async with bus.subscribe("demo") as happening, asyncio.TaskGroup() as tasks:
                tasks.create_task(app.run(settings, bus))
                happened = [event async for event in happening]
    return Demonstration(tuple(happened), output)


def _alone(settings: Settings) -> Settings:
    """Return the settings of a satellite without hardware and network."""
    return msgspec.structs.replace(
        settings,
        name=NAME,
        brain="local",
        deadlines=DeadlineSettings(*[PATIENCE] * len(DeadlineSettings.__struct_fields__)),
        zeroconf=False,
        homeassistant=HomeAssistantSettings(listen=""),
        http=HttpSettings(port=0),
        ducking=DuckingSettings(enabled=False),
        stats=StatsSettings(enabled=False),
        recordings=RecordingSettings(),
        hooks=(),
        assistants={},
    )


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


async def _request(settings: Settings) -> bytes:
    """Return the spoken request in the language of the settings, 16 kHz mono."""
    silence = bytes(SPEECH.bytes_of(PAUSE))
    spoken = [silence]
    phrases = [(phrase, Settings(tts=voice)) for phrase, voice in REQUEST]
    if not codes.same(settings.language, ENGLISH):
        text = await asyncio.to_thread(time_request, settings.language)
        own = Settings(
            tts=settings.tts if settings.tts != AUTO else OTHER_VOICE,
            language=settings.language,
            models=settings.models,
            zeroconf=False,
        )
        phrases[-1:] = [(text, own)] if text else phrases[-1:]
    for phrase, voice in phrases:
        async with opened("tts", voice) as tts:
            language = voice.language if not codes.same(voice.language, ENGLISH) else None
            speech = SpeechRequest(text=phrase, language=language)
            async with aclosing(tts.synthesize(speech)) as chunks:
                async for chunk in chunks:
                    resampler = Resampler(chunk.format, SPEECH)
                    spoken.append(resampler.convert(chunk.audio) + resampler.flush())
            spoken.append(silence)
    return b"".join(spoken)
