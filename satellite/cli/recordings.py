"""`satellite recordings`: lists, plays and deletes the recordings of turns and near misses."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click
import msgspec

from satellite.audio.playback import Playback
from satellite.audio.wavfile import read_wav
from satellite.builtin.audio.devices import default_speaker
from satellite.cli import command, flags
from satellite.cli.screen import count, echo, print_json, print_table, print_text
from satellite.components import spec
from satellite.diagnostics.recordings.folder import Recording, RecordingFolder
from satellite.errors import UsageError
from satellite.lib.bus import Bus
from satellite.settings import Settings
from satellite.values import AudioChunk

LAST = "last"
"""The name that means the newest recording."""


@command.group("recordings")
@flags.common
@flags.as_json
@click.pass_context
def recordings(context: click.Context) -> None:
    """List, play or delete recorded turns and near misses.

    Without a command, list them. Nothing is recorded unless recordings.turns or
    recordings.near_misses is set.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_recordings)
    elif flags.invocation(context).json and context.invoked_subcommand != "list":
        raise click.UsageError(
            f"recordings {context.invoked_subcommand} prints no table for --json"
        )


@recordings.command("list", context_settings=command.WIDTH)
@flags.setting("recordings.folder")
@flags.common
@flags.as_json
@click.pass_context
def list_recordings(context: click.Context) -> None:
    """List the recordings, newest first."""
    invocation = flags.invocation(context)
    settings = invocation.settings()
    folder = _folder(settings)
    found = folder.recordings()
    if invocation.json:
        rows = [
            msgspec.to_builtins(recording) | {"file": str(folder.sound(recording.id))}
            for recording in found
        ]
        print_json(rows)
        return
    if found:
        header = ("ID", "LENGTH", "WORD", "SCORE", "WHAT")
        print_table([_row(recording) for recording in found], header=header)
        size = sum(folder.size(recording.id) for recording in found) / 1e6
        print_text(f"{count(len(found), 'recording')}, {size:.1f} MB, in {folder.path}")
    else:
        print_text(f"no recordings in {folder.path}")
    if not (settings.recordings.turns or settings.recordings.near_misses):
        print_text("recording is off: set recordings.turns or recordings.near_misses")


@recordings.command("play", context_settings=command.WIDTH)
@flags.setting("recordings.folder")
@flags.engine("speaker")
@flags.common
@click.argument("name", metavar="ID")
@click.pass_context
def play(context: click.Context, name: str) -> None:
    """Play a recording.

    ID is an ID of the list, an unambiguous beginning of one, or `last` for the newest.
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    folder = _folder(settings)
    file = str(folder.sound(_named(folder, name).id))
    invocation.run(lambda bus: play_file(settings, bus, file))


@recordings.command("delete", context_settings=command.WIDTH)
@flags.setting("recordings.folder")
@command.option(
    "--all",
    "everything",
    is_flag=True,
    help="Delete all of them",
)
@flags.common
@click.argument("names", nargs=-1, metavar="[ID]...")
@click.pass_context
def delete(context: click.Context, names: Sequence[str], everything: bool) -> None:
    """Delete recordings.

    ID is an ID of the list, an unambiguous beginning of one, or `last` for the newest.
    """
    if everything == bool(names):
        raise click.UsageError("name recordings, or give --all")
    folder = _folder(flags.invocation(context).settings())
    chosen = folder.recordings() if everything else [_named(folder, name) for name in names]
    for recording in chosen:
        folder.delete(recording.id)
        echo(f"{recording.id} is deleted")


def _folder(settings: Settings) -> RecordingFolder:
    return RecordingFolder(settings.recordings)


def _named(folder: RecordingFolder, name: str) -> Recording:
    found = folder.recordings()
    if name == LAST and found:
        return found[0]
    alike = [recording for recording in found if recording.id == name] or [
        recording for recording in found if recording.id.startswith(name)
    ]
    if len(alike) != 1:
        problem = f"{len(alike)} recordings begin with" if alike else "there is no recording"
        raise UsageError(f"{problem} {name} in {folder.path}; see: satellite recordings")
    return alike[0]


def _row(recording: Recording) -> tuple[str, ...]:
    score = "" if recording.score is None else f"{recording.score:.2f}"
    what = (
        "near miss"
        if recording.kind == "near_miss"
        else f"{recording.outcome}: {recording.transcript or ''}"
    )
    return recording.id, f"{recording.seconds:.1f} s", recording.word or "", score, what


async def play_file(settings: Settings, bus: Bus, file: str) -> None:
    """Play a recording. Raises `AudioFileError`, and `DeviceError`s."""
    form, audio = await asyncio.to_thread(read_wav, file)
    where = settings.speaker
    if where == spec.AUTO:
        where = await asyncio.to_thread(default_speaker)
    speaker, deadline = spec.create("speaker", where), settings.deadlines.speaker
    playback = Playback(speaker, bus.publish, deadline, volume=settings.volume)
    try:
        await playback.open()
        await playback.play_clip(AudioChunk(audio=audio, format=form))
    finally:
        await playback.close()
