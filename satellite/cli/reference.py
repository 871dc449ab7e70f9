"""Generate the reference documents from the code: `python -m satellite.cli.reference`.

Rewrites each block between `<!-- generated: NAME -->` and `<!-- end -->` in every Markdown file of
the checkout, or in the files named. With `--check`, changes nothing and fails if a block is stale.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from satellite import events
from satellite.cli.command import COMMON, Flag, argument_text, walk
from satellite.cli.main import cli
from satellite.components import registry
from satellite.config.keys import groups, keys
from satellite.errors import UsageError
from satellite.options import OptionInfo, describe
from satellite.ports import ROLES, Licensed
from satellite.requirements import is_own

CHECKOUT = Path(__file__).parents[2]
"""Where the documents are found when none is named."""

_BLOCK = re.compile(r"<!-- generated: ([\w-]+) -->\n.*?<!-- end -->", re.DOTALL)

_ROLE_NAMES = {
    "mic": "Microphones",
    "speaker": "Speakers",
    "wake": "Wake words",
    "vad": "Voice detectors",
    "asr": "Speech-to-text",
    "llm": "Brains",
    "tts": "Text-to-speech",
    "hook": "Hooks",
}


SERVED = ("asr", "llm", "tts")
"""Roles whose engines are documented beside the servers."""


def rewrite(text: str) -> str:
    """Renew every generated block of a Markdown text. Raises `UsageError` for an unknown name."""

    def renew(match: re.Match[str]) -> str:
        name = match[1]
        if name not in SECTIONS:
            raise UsageError(f"there is no generated section {name}: {', '.join(SECTIONS)}")
        return f"<!-- generated: {name} -->\n{SECTIONS[name]()}\n<!-- end -->"

    return _BLOCK.sub(renew, text)


def command_section() -> str:
    """Every command with its options; the common ones once."""
    sections: dict[str, list[Sequence[str]]] = {}
    for parameter in cli.params:
        if isinstance(parameter, Flag):
            sections.setdefault(parameter.section, []).append(_flag_row(parameter))
    common = sections.pop(COMMON)
    parts = [f"**{name}**\n\n{_table(('option', 'meaning'), r)}" for name, r in sections.items()]
    parts.append(f"**{COMMON}, of every command**\n\n{_table(('option', 'meaning'), common)}")
    rows = []
    for name, command in walk(cli.load()):
        arguments = [argument_text(p) for p in command.params if isinstance(p, click.Argument)]
        own = [p for p in command.params if isinstance(p, Flag) and p.section != COMMON]
        flags = " ".join(f"`{p.opts[0]}`" for p in own)
        usage = " ".join(["satellite", name, *arguments])
        rows.append((f"`{usage}`", _first_sentence(command.help or ""), flags))
    parts.append(f"**Commands**\n\n{_table(('command', 'purpose', 'its options'), rows)}")
    return "\n\n".join(parts)


def setting_section() -> str:
    """Every setting of a configuration file."""
    rows = [
        (f"`{path}`", key.info.type, _default(key.info), key.info.doc)
        for path, key in keys().items()
    ]
    rows += [
        (f"`{group}.NAME.{info.name}`", info.type, _default(info), info.doc)
        for group, kind in groups().items()
        for info in describe(kind)
    ]
    return _table(("key", "type", "default", "meaning"), rows)


def event_section() -> str:
    """Every event of the log with its fields."""
    common = events.Event.__struct_fields__
    rows = []
    for kind in _event_kinds():
        hints = typing.get_type_hints(kind)
        own = [f for f in msgspec.structs.fields(kind) if f.name not in common]
        fields = ", ".join(f"`{f.encode_name}` {_type(hints[f.name])}" for f in own)
        meaning = " ".join((kind.__doc__ or "").split())
        rows.append((f"`{kind.__struct_config__.tag}`", fields, meaning))
    return _table(("event", "fields", "when"), rows)


def plugin_section(*roles: str) -> str:
    """Return this distribution's plugins of `roles` with their options. Raises `PluginBroken`."""
    ours = [p for p in registry.installed() if is_own(p.distribution)]
    return "\n\n".join(_role(role, [p for p in ours if p.role == role]) for role in roles)


SECTIONS: dict[str, Callable[[], str]] = {
    "commands": command_section,
    "settings": setting_section,
    "events": event_section,
    "satellite-plugins": lambda: plugin_section(*(r for r in ROLES if r not in SERVED)),
    "server-plugins": lambda: plugin_section(*SERVED),
}


def _role(role: str, of_role: Sequence[registry.Plugin]) -> str:
    rows: list[Sequence[str]] = []
    for plugin in of_role:
        kind = plugin.load()
        argument = registry.argument_of(kind)
        name = f"{plugin.name}:{argument.upper()}" if argument else plugin.name
        needs = ", ".join(map(str, registry.requirements(kind)))
        what = _first_sentence(kind.__doc__ or "") + (f" Needs: {needs}." if needs else "")
        what += f" License: {kind.license}." if isinstance(kind, Licensed) else ""
        rows.append((f"**`{name}`**", what, ""))
        for option in describe(kind.Options):
            meaning = f"{option.doc} ({option.type})"
            rows.append((f"&emsp;`{option.name}`", meaning, _default(option)))
    header = ("plugin and its options", "meaning", "default")
    return f"**{_ROLE_NAMES[role]}** (`{role}`)\n\n{_table(header, rows)}"


def _event_kinds() -> Iterator[type[events.Event]]:
    for value in vars(events).values():
        if isinstance(value, type) and issubclass(value, events.Event) and value != events.Event:
            yield value


def _type(hint: Any) -> str:
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    if hint in names:
        return names[hint]
    arguments = [a for a in typing.get_args(hint) if a is not type(None)]
    if typing.get_origin(hint) is typing.Literal:
        return "(" + ", ".join(arguments) + ")"
    if typing.get_origin(hint) is tuple:
        return f"[{_type(arguments[0])}]"
    if typing.get_origin(hint) is dict:
        return "{" + ": ".join(_type(a) for a in arguments) + "}"
    return " or ".join(_type(a) for a in arguments) + ", if any"


def _flag_row(flag: Flag) -> tuple[str, str]:
    words = [", ".join(flag.opts), *([] if flag.is_flag else [flag.metavar or ""])]
    return f"`{' '.join(words)}`", flag.help or ""


def _default(info: OptionInfo) -> str:
    if info.default is None:
        return "required"
    return f"`{info.default}` {info.unit}".rstrip() if info.default else ""


def _first_sentence(text: str) -> str:
    return " ".join(text.strip().partition("\n\n")[0].split())


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(c.replace('|', chr(92) + '|') for c in r)} |" for r in lines)


def documents(folder: Path = CHECKOUT) -> list[Path]:
    """Return the Markdown files of a checkout that have generated blocks, sorted."""
    return sorted(
        path
        for path in folder.rglob("*.md")
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and _BLOCK.search(path.read_text())
    )


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Change nothing; fail when a block is stale")
def main(files: Sequence[Path], check: bool) -> None:
    """Renew the generated blocks of FILES, by default of every document."""
    stale = []
    for file in files or documents():
        text = file.read_text()
        renewed = rewrite(text)
        if renewed == text:
            continue
        stale.append(str(file))
        if not check:
            file.write_text(renewed)
    if check and stale:
        names = ", ".join(stale)
        raise click.ClickException(f"stale: {names}; run python -m satellite.cli.reference")


if __name__ == "__main__":
    main()
