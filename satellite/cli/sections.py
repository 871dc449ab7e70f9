"""Help worth reading: options under headings, examples as they are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from satellite.cli.flags import COMMON, Flag

WIDTH = {"max_content_width": 100, "help_option_names": ["-h", "--help"]}


class SectionedCommand(click.Command):
    """A command whose help shows each option under the heading it belongs to."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options section by section, the common ones last."""
        write_sections(self, ctx, formatter)


class SectionedGroup(click.Group):
    """The same for the group of all commands, which are listed in the order they were added."""

    command_class = SectionedCommand

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then the options section by section."""
        self.format_commands(ctx, formatter)
        write_sections(self, ctx, formatter)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, as added."""
        return list(self.commands)


def write_sections(
    command: click.Command, context: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write a command's options under their headings."""
    sections: dict[str, list[Any]] = {}
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record and isinstance(parameter, click.Option):
            section = parameter.section if isinstance(parameter, Flag) else COMMON
            sections.setdefault(section, []).append(record)
    for section in sorted(sections, key=lambda name: name == COMMON):
        with formatter.section(section):
            formatter.write_dl(sections[section])


def command(name: str | None = None) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function a command whose help has sections."""
    return click.command(name, cls=SectionedCommand, context_settings=WIDTH)
