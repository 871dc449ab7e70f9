"""`satellite models`: lists, fetches, checks and removes the engines' models on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click
import msgspec

from satellite.cli import command, flags
from satellite.cli.download import display, size
from satellite.cli.recommend import recommend
from satellite.cli.screen import echo, print_json, print_table, print_text
from satellite.errors import SatelliteError
from servers.models.names import Name, parse
from servers.models.ollama_models import OllamaModels
from servers.models.store import Store

_NAMES = """
    A NAME is whisper:SIZE (as whisper:base.en), whisper:OWNER/REPOSITORY of Hugging Face,
    piper:VOICE (as piper:en_US-lessac-medium), gguf:MODEL (as gguf:qwen2.5-1.5b),
    gguf:OWNER/REPOSITORY:FILE.gguf, sherpa:MODEL (as sherpa:sense-voice, or a name of k2-fsa's),
    gpt4all:FILE of its catalogue, ollama:MODEL (as ollama:llama3.2:1b), or turn:smart-turn-v3.2.
"""


_TABLES = ("list", "recommend", "verify")
"""The commands that print a table."""


class Row(msgspec.Struct, frozen=True):
    """A model in the list."""

    model: str
    bytes: int
    state: str
    """`whole`, `damaged`, or `unfinished`: its download broke off."""
    when: str = ""
    license: str = ""
    """Its license, or where that is found."""


@command.group("models")
@flags.common
@flags.as_json
@click.pass_context
def models(context: click.Context) -> None:
    """List, fetch, check or remove models.

    Without a command, list them.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_models)
    elif flags.invocation(context).json and context.invoked_subcommand not in (
        "list",
        "recommend",
        "verify",
    ):
        raise click.UsageError(f"models {context.invoked_subcommand} prints no table for --json")


@models.command("list", context_settings=command.WIDTH)
@flags.setting("models.folder")
@flags.setting("models.ollama", "URL")
@flags.common
@flags.as_json
@click.pass_context
def list_models(context: click.Context) -> None:
    """List the models on this machine and those of Ollama."""
    store, ollama = _stores(context)
    rows = [
        Row(str(model), model.bytes, "whole", model.when, parse(str(model)).license)
        for model in store.installed() + ollama.installed()
    ]
    rows += [Row(str(name), count, kind, "", name.license) for name, count, kind in store.broken()]
    if flags.invocation(context).json:
        print_json(rows)
        return
    if rows:
        cells = [
            (row.model, size(row.bytes), row.state, row.when[:10], row.license) for row in rows
        ]
        print_table(cells, header=("MODEL", "SIZE", "STATE", "SINCE", "LICENSE"))
        total = sum(row.bytes for row in rows if not row.model.startswith("ollama:"))
        print_text(f"{size(total)} in {store.root}")
    else:
        print_text(f"no models in {store.root}; satellite models pull NAME fetches one")


@models.command("pull", context_settings=command.WIDTH)
@flags.setting("models.folder")
@flags.setting("models.endpoint", "URL")
@flags.setting("models.ollama", "URL")
@flags.offline()
@flags.common
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.pass_context
def pull(context: click.Context, names: Sequence[str]) -> None:
    """Fetch models, or finish and repair them.

    A download that broke off resumes. Files that exist are checked, and fetched again if they are
    damaged. A running server puts new models to use by itself.
    """
    store, ollama = _stores(context)
    progress = display()

    def fetch(name: Name) -> None:
        if name.kind == "ollama":
            ollama.pull(name, progress)
            echo(f"{name} is in Ollama at {ollama.url}")
        else:
            echo(f"{name} is in {store.pull(name, progress)}")

    _each(names, fetch)


@models.command("verify", context_settings=command.WIDTH)
@flags.setting("models.folder")
@flags.common
@flags.as_json
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.pass_context
def verify(context: click.Context, names: Sequence[str]) -> None:
    """Check models against their checksums.

    Reads every byte of all models, or of those named. Ollama checks its own models.
    """
    store, _ = _stores(context)
    found: dict[str, list[str]] = {}

    def check(name: Name) -> None:
        if name.kind == "ollama":
            raise click.UsageError(f"{name}: Ollama checks its models itself")
        found[str(name)] = store.verify(name.kind, name.name)
        if not flags.invocation(context).json:
            echo(f"{name}: {'; '.join(found[str(name)]) or 'intact'}")

    _each(names or [str(name) for name in store.known()], check)
    if flags.invocation(context).json:
        rows = [{"model": name, "problems": problems} for name, problems in found.items()]
        print_json(rows)
    elif not found:
        print_text(f"no models in {store.root}")
    if damaged := [name for name, problems in found.items() if problems]:
        raise SatelliteError(
            f"damaged: {', '.join(damaged)}; to repair, satellite models pull {' '.join(damaged)}"
        )


@models.command("remove", context_settings=command.WIDTH)
@flags.setting("models.folder")
@flags.setting("models.ollama", "URL")
@flags.common
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.pass_context
def remove(context: click.Context, names: Sequence[str]) -> None:
    """Delete models, unfinished ones included."""
    store, ollama = _stores(context)

    def delete(name: Name) -> None:
        if name.kind == "ollama":
            ollama.remove(name)
            echo(f"{name} is removed")
        else:
            echo(f"{name} is removed: {size(store.remove(name.kind, name.name))}")

    _each(names, delete)


@models.command("import", context_settings=command.WIDTH)
@flags.setting("models.folder")
@flags.common
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
def import_file(context: click.Context, name: str, file: Path) -> None:
    """Copy a model that is on this machine into the models folder.

    A GGUF file becomes gguf:NAME, as in --llm llamacpp:NAME. For sherpa:NAME, FILE is the folder or
    the .tar.bz2 archive of a model for sherpa-onnx; for turn:smart-turn-v3.2, its .onnx file.
    """
    store, _ = _stores(context)
    chosen = parse(name if ":" in name else f"gguf:{name}")
    echo(f"{chosen} is in {store.take(chosen.kind, chosen.name, file, display())}")


models.add_command(recommend)

for _command in (pull, verify, remove):
    _command.help = f"{_command.help}\n{_NAMES}"


def _stores(context: click.Context) -> tuple[Store, OllamaModels]:
    invocation = flags.invocation(context)
    settings = invocation.settings().models
    return Store.for_settings(settings), OllamaModels(settings.ollama, offline=settings.offline)


def _each(names: Sequence[str], action: Callable[[Name], None]) -> None:
    """Apply an action to every model, also when it fails for some.

    Raises an `ExceptionGroup` of the failures.
    """
    problems = []
    for name in [parse(text) for text in names]:
        try:
            action(name)
        except SatelliteError as error:
            problems.append(error)
    if problems:
        raise ExceptionGroup("models", problems)
