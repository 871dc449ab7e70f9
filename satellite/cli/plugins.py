"""`satellite plugins`: the installed plugins, their requirements, and why any is unusable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from satellite.cli import command, flags
from satellite.cli.plugin_check import check
from satellite.cli.plugin_new import new
from satellite.cli.screen import GAP, columns, echo, print_json, table, wrapped
from satellite.components.registry import Report, installed, report
from satellite.options import OptionInfo
from satellite.ports import ROLES

_INDENT = "    "

_MEANING = 30
"""Characters for the meaning of an option, at least, to have it beside its name."""


class _PluginsGroup(command.SectionedGroup):
    """A group in which the name of a role stands for `list ROLE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Insert `list` before the first role, so that `plugins asr llm` lists both."""
        first = next((word for word in args if word in ROLES or word in self.commands), None)
        if first in ROLES:
            at = args.index(first)
            args = [*args[:at], "list", *args[at:]]
        return super().parse_args(ctx, args)


@click.group(
    "plugins", cls=_PluginsGroup, context_settings=command.WIDTH, invoke_without_command=True
)
@flags.common
@flags.as_json
@click.pass_context
def plugins(context: click.Context) -> None:
    """List, check or create plugins.

    Without a command, list the installed plugins with their options: all of them, or those of the
    roles that are named, as in `satellite plugins asr llm`.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_plugins)
    elif flags.invocation(context).json and context.invoked_subcommand != "list":
        raise click.UsageError(f"plugins {context.invoked_subcommand} prints no table for --json")


@plugins.command("list", context_settings=command.WIDTH)
@flags.common
@flags.as_json
@click.argument("roles", nargs=-1, type=click.Choice(ROLES), metavar="[ROLE]...")
@click.pass_context
def list_plugins(context: click.Context, roles: Sequence[str] = ()) -> None:
    """List the installed plugins and their options.

    A plugin that cannot be used here is listed with the reason.
    """
    invocation = flags.invocation(context)
    invocation.start_logging()
    reports = [report(plugin) for plugin in installed(*roles)]
    if invocation.json:
        print_json(reports)
    else:
        width = columns()
        echo("\n\n".join("\n".join(describe(item, width)) for item in reports))


def describe(item: Report, width: int | None = None) -> Iterator[str]:
    """Yield what people want to know of one plugin, in lines of at most `width` characters."""
    argument = f":{item.argument.upper()}" if item.argument else ""
    yield f"{item.role}  {item.name}{argument}  ({item.distribution} {item.version})"
    if item.problem:
        yield wrapped(f"cannot be used: {item.problem}", width, indent="  ", later="  ")
    if item.summary:
        yield wrapped(item.summary, width, indent="  ", later="  ")
    if item.needs:
        yield wrapped(f"needs {', '.join(item.needs)}", width, indent="  ", later="  ")
    if item.license:
        yield wrapped(f"license: {item.license}", width, indent="  ", later="  ")
    if item.options:
        yield from _option_lines([option_row(option) for option in item.options], width)


def _option_lines(rows: Sequence[tuple[str, str, str]], width: int | None) -> Iterator[str]:
    """Yield the options as a table or, where little room is left for their meaning, below it."""
    columns_before = [max(len(row[column]) for row in rows) for column in (0, 1)]
    if width is None or width - len(_INDENT) - sum(columns_before) - 2 * GAP >= _MEANING:
        yield table(rows, indent=_INDENT, width=width)
        return
    for name, kind, meaning in rows:
        yield wrapped(f"{name}  ({kind})", width, indent=_INDENT, later=_INDENT * 2)
        yield wrapped(meaning, width, indent=_INDENT * 2)


def option_row(option: OptionInfo) -> tuple[str, str, str]:
    """Return an option's cells: name with default and unit, type, meaning."""
    unit = f" {option.unit}" if option.unit else ""
    value = "" if option.default is None else f"={option.default}{unit}"
    return (option.name + value, option.type, option.doc)


plugins.add_command(check)
plugins.add_command(new)
