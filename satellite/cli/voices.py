"""`satellite voices`: adds, lists and removes cloned voices."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from satellite.audio.voice_clips import LONGEST, LONGEST_TEXT, SHORTEST, ClipStore, StoredClip
from satellite.cli import command, flags
from satellite.cli.screen import echo, print_json, print_table, print_text
from satellite.errors import UsageError
from satellite.settings.speaking import ClipLanguage

_LANGUAGES = msgspec.json.schema(ClipLanguage)["enum"]


class Row(msgspec.Struct, frozen=True):
    """A voice in the list."""

    voice: str
    language: str
    clip: str
    """Path of the clip on the server."""
    origin: str
    """`added`, or `configuration`."""
    text: str


@command.group("voices")
@flags.common
@flags.as_json
@click.pass_context
def voices(context: click.Context) -> None:
    """List, add or remove cloned voices.

    Without a command, list them. They are voices of --tts gpt-sovits.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_voices)
    elif flags.invocation(context).json and context.invoked_subcommand != "list":
        raise click.UsageError(f"voices {context.invoked_subcommand} prints no table for --json")


@voices.command("add", context_settings=command.WIDTH)
@command.option("--text", required=True, metavar="WORDS", help="Words of the clip")
@command.option(
    "--language",
    type=click.Choice(sorted(_LANGUAGES)),
    default="auto",
    metavar="LANGUAGE",
    help="Language of the clip: zh, en, ja, ko, yue, or auto, which is what the text looks like"
    "  [default: auto]",
)
@command.option(
    "--remote-path",
    default="",
    metavar="PATH",
    help="Path of the clip on the machine of GPT-SoVITS, if that is another one: copy it there",
)
@flags.common
@click.argument("name")
@click.argument("clip", type=click.Path(path_type=Path), metavar="CLIP.WAV")
@click.pass_context
def add(
    context: click.Context,
    name: str,
    clip: Path,
    text: str,
    language: ClipLanguage,
    remote_path: str,
) -> None:
    """Clone a voice from a clip of 3 to 10 seconds.

    The clip is checked, converted and stored on this machine. Run the command where the engine
    runs: on the satellite, or on the server with `satellite --server tts`. GPT-SoVITS reads the
    clip itself, by its path: it has to run on the same machine as a user who may read it, or see
    the folder of clips as a shared one. Otherwise copy the clip to its machine and name its place
    there with --remote-path.

    Ask people before you clone their voice.
    """
    flags.invocation(context).start_logging()
    words = " ".join(text.split())
    if not any(map(str.isalnum, words)) or len(words) > LONGEST_TEXT:
        raise UsageError(
            f"--text is what the clip says in {SHORTEST:g} to {LONGEST:g} s: some words, at most "
            f"{LONGEST_TEXT} characters"
        )
    stored = StoredClip(text=words, language=language, remote_path=remote_path.strip())
    made = ClipStore().add(name, clip, stored)
    echo(f"{name} speaks like {clip} ({made.seconds:.1f} s at {made.rate} Hz)")
    if stored.remote_path:
        echo(f"GPT-SoVITS reads {stored.remote_path} on its machine: copy {made.path} there")
    else:
        echo(
            f"GPT-SoVITS reads {made.path}: it has to run on this machine as a user who may; "
            "otherwise use --remote-path"
        )
    echo(f"Try it: satellite say --tts gpt-sovits?voice={name} TEXT")


@voices.command("list", context_settings=command.WIDTH)
@flags.common
@flags.as_json
@click.pass_context
def list_voices(context: click.Context) -> None:
    """List the cloned voices of this machine and of the configuration."""
    invocation = flags.invocation(context)
    settings = invocation.settings()
    configured = settings.voices
    rows = [
        Row(name, voice.prompt_lang, voice.ref_audio_path, origin, voice.prompt_text)
        for origin, found in (("configuration", configured), ("added", ClipStore().voices()))
        for name, voice in found.items()
        if origin == "configuration" or name not in configured  # which go before
    ]
    if invocation.json:
        print_json(rows)
    elif rows:
        cells = [(row.voice, row.language, row.origin, row.clip, row.text) for row in rows]
        print_table(cells, header=("VOICE", "LANGUAGE", "FROM", "CLIP", "TEXT"))
    else:
        print_text("no cloned voices; satellite voices add NAME CLIP.WAV --text WORDS adds one")


@voices.command("remove", context_settings=command.WIDTH)
@flags.common
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.pass_context
def remove(context: click.Context, names: tuple[str, ...]) -> None:
    """Delete voices that were added, and their clips.

    Those of the configuration are removed there. Copies on other machines stay.
    """
    flags.invocation(context).start_logging()
    store = ClipStore()
    for name in names:
        store.remove(name)
        echo(f"{name} is removed")
