"""`satellite models recommend`: the models that serve a language on this machine."""

from __future__ import annotations

import click
import msgspec

from satellite.cli import command, flags
from satellite.cli.download import size
from satellite.cli.screen import print_json, print_table, print_text
from satellite.components.auto import BUILT_IN
from satellite.lib.platform.memory import of_machine
from servers.models.names import parse
from servers.models.recommended import Recommended, recommended
from servers.models.store import Store

_ROLES = {"asr": "speech-to-text", "llm": "language model", "tts": "voice"}


@click.command("recommend", context_settings=command.WIDTH)
@flags.setting("language")
@flags.setting("models.folder")
@flags.common
@flags.as_json
@click.pass_context
def recommend(context: click.Context) -> None:
    """List models worth fetching for a language, by role and size.

    Marks the one to begin with, those that are here, and those that need more memory than this
    machine has.
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    found = recommended(settings.language)
    if invocation.json:
        print_json([msgspec.to_builtins(model) for model in found])
        return
    store, memory = Store.for_settings(settings.models), of_machine()
    rows = [
        (
            _ROLES[model.role],
            model.model,
            size(model.megabytes * 10**6) if model.megabytes else "",
            _note(model, store, memory),
            model.license,
        )
        for model in found
    ]
    print_table(rows, header=("FOR", "MODEL", "SIZE", "", "LICENSE"))
    first = [model.model for model in found if model.first]
    print_text(f"to begin with: satellite models pull {' '.join(first)}")
    if missing := [_ROLES[role] for role in _ROLES if role not in {m.role for m in found}]:
        print_text(f"{', '.join(missing)}: {BUILT_IN['tts']} is built in")


def _note(model: Recommended, store: Store, memory: int) -> str:
    name = parse(model.model)
    if store.path(name.kind, name.name) is not None:
        return "here"
    if not model.fits(memory):
        return "needs more memory"
    return "recommended" if model.first else ""
