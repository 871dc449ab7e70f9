"""The classes of commands and options: help in sections, and commands imported when called."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

COMMON = "Common options"
OPTIONS = "Options"

_RANGE = re.compile(r"\[([\d.]+)<=x<=([\d.]+)\]")

_NO_BREAK = "\xa0"

WIDTH = {"max_content_width": 100, "help_option_names": ["-h", "--help"]}


class Flag(click.Option):
    """An option that stands under a heading of its own in the help."""

    def __init__(self, *args: Any, section: str = OPTIONS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


class SectionedCommand(click.Command):
    """A command whose help shows each option under the heading it belongs to."""

    def get_help(self, ctx: click.Context) -> str:
        """Return the help page."""
        return super().get_help(ctx).replace(_NO_BREAK, " ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options section by section, the common ones last."""
        write_sections(self, ctx, formatter)


class SectionedGroup(click.Group):
    """A group whose help lists the commands first, in the order in which they were added."""

    command_class = SectionedCommand

    def get_help(self, ctx: click.Context) -> str:
        """Return the help page."""
        return super().get_help(ctx).replace(_NO_BREAK, " ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then the options section by section."""
        self.format_commands(ctx, formatter)
        write_sections(self, ctx, formatter)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order in which they were added."""
        return list(self.commands)


class LazyCommand(click.Command):
    """A command whose module is imported when it is called, not when it is listed."""

    def __init__(self, name: str, place: str, short_help: str) -> None:
        """`place` is `module:attribute`; `short_help` repeats the first line of its help."""
        super().__init__(name, short_help=short_help)
        self._place = place

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self._place.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


class LazyGroup(SectionedGroup):
    """A group that imports a command's module when the command is called.

    The modules may import at their top whatever they need, while the group's help stays fast.
    """

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported, or None for an unknown name."""
        command = self.commands.get(cmd_name)
        if isinstance(command, LazyCommand):
            command = self.commands[cmd_name] = command.load()
        return command

    def load(self) -> Mapping[str, click.Command]:
        """Import every command; return them by name, in the order of the help."""
        for name, command in self.commands.items():
            if isinstance(command, LazyCommand):
                self.commands[name] = command.load()
        return self.commands

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, command.get_short_help_str()) for name, command in self.commands.items()]
            )

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the names of commands, without importing them, and of options."""
        names = [
            CompletionItem(name, help=command.get_short_help_str())
            for name, command in self.commands.items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)


def write_sections(
    command: click.Command, context: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write a command's options under their headings.

    The common ones, which every command has, are explained in the help of the program alone.
    """
    sections: dict[str, list[tuple[str, str]]] = {}
    common = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record and isinstance(parameter, click.Option):
            section = parameter.section if isinstance(parameter, Flag) else COMMON
            if section == COMMON and context.parent is not None:
                common.append(parameter.opts[0])
            else:
                sections.setdefault(section, []).append((record[0], _unbroken(record[1])))
    for section in sorted(sections, key=lambda name: name == COMMON):
        with formatter.section(section):
            formatter.write_dl(sections[section])
    if common:
        formatter.write_paragraph()
        formatter.write_text(f"{COMMON}: {', '.join(common)} (see satellite --help)")


def _unbroken(text: str) -> str:
    """Write a range of numbers plainly, and let no line end within `[default: x]`.

    The space in it is made an ordinary one in the end.
    """
    text = _RANGE.sub(r"[\1 to \2]", text)
    return text.replace("[default: ", f"[default:{_NO_BREAK}")


def walk(commands: Mapping[str, click.Command]) -> Iterator[tuple[str, click.Command]]:
    """Yield every command by its words, those of a group after the group."""
    for name, command in commands.items():
        yield name, command
        if isinstance(command, click.Group):
            for words, inner in walk(command.commands):
                yield f"{name} {words}", inner


def argument_text(argument: click.Argument) -> str:
    """Return an argument as the usage line shows it: `NAME...`."""
    name = argument.metavar or (argument.name or "").upper()
    return f"{name}..." if argument.nargs < 0 and not name.endswith("...") else name


def command(name: str | None = None) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function a command whose help has sections."""
    return click.command(name, cls=SectionedCommand, context_settings=WIDTH)


def group(name: str) -> Callable[[Callable[..., Any]], SectionedGroup]:
    """Make a function a group of commands that can also be called by itself."""
    return click.group(
        name, cls=SectionedGroup, context_settings=WIDTH, invoke_without_command=True
    )


def option(*names: str, **more: Any) -> Callable[[Any], Any]:
    """Add an option of the command's own."""
    return click.option(*names, cls=Flag, **more)
