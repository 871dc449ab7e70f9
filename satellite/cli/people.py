"""`satellite people`: enrolls, lists and removes the people whose voices the satellite knows."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
import numpy as np

from satellite.builtin.audio import devices
from satellite.cli import command, flags
from satellite.cli.screen import echo, print_json, print_table, print_text
from satellite.cli.speech_files import converted, read_speech
from satellite.cli.terminal import asker
from satellite.components import spec
from satellite.components.spec import AUTO
from satellite.diagnostics.soundcheck.recording import record
from satellite.errors import UsageError
from satellite.languages.pack import pack
from satellite.listening.people.people_file import MOST_PRINTS, PeopleFile, Person
from satellite.listening.people.recognition import mean_of
from satellite.listening.people.voiceprint import (
    SHORTEST,
    Floats,
    Voiceprinter,
    digest,
    load,
    similarity,
    voice_of,
)
from satellite.settings import Settings
from satellite.text.quoted import quoted
from satellite.values import SPEECH

SENTENCES = 3
"""Recordings of a person at the microphone."""
SECONDS = 6.0
"""Seconds of each of them."""
_ALIKE = 0.15
"""By how much two recordings of one person may be less similar than people have to be."""


class Row(msgspec.Struct, frozen=True):
    """A person in the list."""

    name: str
    recordings: int
    model: str


@command.group("people")
@flags.common
@flags.as_json
@click.pass_context
def people(context: click.Context) -> None:
    """List, add or remove people by their voices.

    With people.enabled, the language model and the event log get the name of the one who probably
    speaks. A voice is no key: a recording or a similar voice is taken for the person.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_people)
    elif flags.invocation(context).json and context.invoked_subcommand != "list":
        raise click.UsageError(f"people {context.invoked_subcommand} prints no table for --json")


@people.command("add", context_settings=command.WIDTH)
@command.option(
    "--wav",
    "wavs",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Recording of this person, a sentence or more; may be repeated. Without any, the "
    "microphone records three sentences",
)
@command.option(
    "--model",
    default="",
    metavar="MODEL",
    help="Network: sherpa:NAME, or the path of its .onnx  [default: that of the people so far, or "
    "the speaker model that was pulled]",
)
@flags.common
@click.argument("name")
@click.pass_context
def add(context: click.Context, name: str, wavs: tuple[Path, ...], model: str) -> None:
    """Enroll a person by three sentences.

    The voiceprints stay on this machine, in a file that only its user can read. A person of the
    same name is replaced.
    """
    invocation = flags.invocation(context)
    invocation.start_logging()
    settings = invocation.settings()
    file = PeopleFile(settings.name)
    network = _network(settings, model or file.read().model)
    printer = load(network)
    if wavs:
        recordings = {str(path): read_speech(path) for path in wavs}
    else:
        recordings = {}
        invocation.run(lambda bus: _record(settings, recordings), recorded=False)
    prints = _prints(printer, recordings)
    try:
        person = msgspec.convert({"name": " ".join(name.split()), "prints": prints}, Person)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"{quoted(name)}: a name has 1 to 40 characters without brackets, and a person at most "
            f"{MOST_PRINTS} recordings ({error})"
        ) from error
    _check_others(file, person, printer)
    file.add(person, str(network), digest(network))
    echo(f"{person.name} is enrolled by {len(prints)} recordings, in {file.path}")
    if not settings.people.enabled:
        echo("To use it, set people.enabled = true, or --set people.enabled=true")


@people.command("list", context_settings=command.WIDTH)
@flags.common
@flags.as_json
@click.pass_context
def list_people(context: click.Context) -> None:
    """List the people whose voices this satellite knows."""
    invocation = flags.invocation(context)
    stored = PeopleFile(invocation.settings().name).read()
    rows = [Row(person.name, len(person.prints), stored.model) for person in stored.people]
    if invocation.json:
        print_json(rows)
    elif rows:
        cells = [(row.name, str(row.recordings), row.model) for row in rows]
        print_table(cells, header=("NAME", "RECORDINGS", "MODEL"))
    else:
        print_text("no one is enrolled; satellite people add NAME enrolls a person")


@people.command("remove", context_settings=command.WIDTH)
@flags.common
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.pass_context
def remove(context: click.Context, names: tuple[str, ...]) -> None:
    """Delete people and their voiceprints."""
    invocation = flags.invocation(context)
    invocation.start_logging()
    file = PeopleFile(invocation.settings().name)
    for name in names:
        file.remove(name)
        echo(f"{name} is removed")


def _network(settings: Settings, model: str) -> Path:
    """Return the path of a network. Raises `UsageError`, `ModelMissing`."""
    from servers.models.names import SHERPA  # the base installation starts without the servers
    from servers.models.sherpa_models import is_speaker_model
    from servers.models.store import Store

    store = Store.for_settings(settings.models)
    if model and not model.startswith(f"{SHERPA}:"):
        return Path(model).expanduser().absolute()
    name = model.partition(":")[2]
    if not name:
        found = [each.name for each in store.installed() if each.kind == SHERPA]
        speakers = [each for each in found if is_speaker_model(each)]
        if not speakers:
            raise UsageError(
                "no network for speaker recognition is installed: satellite models pull "
                "sherpa:speaker-en, or name one by --model"
            )
        name = speakers[0]
    networks = sorted(store.find(SHERPA, name).glob("*.onnx"))
    if len(networks) != 1:
        raise UsageError(f"sherpa:{name} is no network for speaker recognition")
    return networks[0].absolute()


async def _record(settings: Settings, recordings: dict[str, bytes]) -> None:
    """Record the sentences of the language's pack at the microphone. Raises `DeviceError`s."""
    ask = asker(silent=False)
    component = settings.mic if settings.mic != AUTO else devices.default_mic()
    sentences = _sentences(settings.language)
    for number, sentence in enumerate(sentences, 1):
        ask.say(f"Read aloud, from your usual place in the room ({number} of {len(sentences)}):")
        ask.say(f"  {sentence}")
        await ask.text("Press Enter, then read", "")
        recording = await record(spec.create("mic", component), SECONDS)
        recordings[f"recording {number}"] = converted(recording.audio, recording.form)


def _sentences(language: str) -> tuple[str, ...]:
    """Return sentences to read aloud in a language, English ones without a pack."""
    about = pack(language).about
    return about.read_aloud or (about.test_sentence,) * SENTENCES


def _prints(printer: Voiceprinter, recordings: dict[str, bytes]) -> list[list[float]]:
    """Return the voiceprints of recordings. Raises `UsageError` where they cannot be one person."""
    found: dict[str, Floats] = {}
    for label, audio in recordings.items():
        voice = voice_of(audio)
        if len(voice) < SHORTEST * SPEECH.rate:
            raise UsageError(f"{label} has less than {SHORTEST:g} s of voice: record a sentence")
        found[label] = printer.compute(voice)
    if len(found) < SENTENCES and sum(map(len, recordings.values())) < SPEECH.bytes_of(10.0):
        raise UsageError(f"name {SENTENCES} recordings, each of a sentence, or ten seconds in all")
    labels = list(found)
    for number, label in enumerate(labels):
        for other in labels[:number]:
            score = similarity(found[label], found[other])
            if score < printer.threshold - _ALIKE:
                raise UsageError(
                    f"{label} and {other} sound like different people (similarity {score:.2f}): "
                    "record them again in a quiet room"
                )
    return [np.asarray(each, float).tolist() for each in found.values()]


def _check_others(file: PeopleFile, person: Person, printer: Voiceprinter) -> None:
    """Warn of an enrolled person with a similar voice."""
    for other in file.read().people:
        if other.name == person.name or len(other.prints[0]) != len(person.prints[0]):
            continue
        score = similarity(mean_of(other), mean_of(person))
        if score >= printer.threshold:
            echo(
                f"{person.name} and {other.name} sound alike (similarity {score:.2f}): they will "
                "be taken for each other"
            )
