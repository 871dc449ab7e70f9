"""The manual page satellite(1), made from the commands: `python -m satellite.cli.manual`.

Writes roff in the macros of man(7) to standard output, or to the file that is named.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from satellite.cli.command import COMMON, Flag, argument_text, walk
from satellite.cli.main import cli
from satellite.requirements import own_version

_FILES = (
    ("/etc/satellite/satellite.toml", "Settings of the machine."),
    ("~/.config/satellite/satellite.toml", "Settings of the user, which go before those of /etc."),
)

_EXIT = (
    ("0", "Success."),
    ("1", "The command failed; standard error has a line for each problem."),
    ("2", "The command line or the configuration is wrong."),
    ("130, 143", "Interrupted by SIGINT or SIGTERM."),
)


def page() -> str:
    """Return the manual page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield f'.TH SATELLITE 1 "" "satellite {own_version()}" "User Commands"'
    yield ".nh"  # options and addresses are not hyphenated, nor are their lines stretched
    yield ".ad l"
    yield ".SH NAME"
    yield "satellite \\- voice satellite, and server of its speech and language models"
    yield ".SH SYNOPSIS"
    yield ".B satellite"
    yield "[\\fIOPTIONS\\fR]"
    yield ".br"
    yield ".B satellite"
    yield "[\\fIOPTIONS\\fR] \\-\\-server[=\\fIROLES\\fR]"
    yield ".br"
    yield ".B satellite"
    yield "\\fICOMMAND\\fR [\\fIARGUMENTS\\fR]"
    yield ".SH DESCRIPTION"
    yield from _prose(cli.help or "")
    yield from _options(cli, heading=".SH")
    yield ".SH COMMANDS"
    for words, command in walk(cli.load()):
        arguments = [argument_text(p) for p in command.params if isinstance(p, click.Argument)]
        yield f".SS {roff(' '.join(['satellite', words, *arguments]))}"
        yield from _prose(command.help or "")
        yield from _options(command, heading="")
    yield ".SH COMPONENTS, EXAMPLES AND COMPLETION"
    yield from _prose(cli.epilog or "")
    yield ".SH EXIT STATUS"
    yield from _terms(_EXIT)
    yield ".SH FILES"
    yield from _terms(_FILES)
    yield ".SH ENVIRONMENT"
    yield from _prose(
        "Every setting has a variable: listen.silence is SATELLITE_LISTEN_SILENCE. "
        "`satellite config` lists the settings.\n\nSATELLITE_CONFIG, SATELLITE_EVENTS and "
        "SATELLITE_LOG_LEVEL stand for the options of these names."
    )


def _options(command: click.Command, heading: str) -> Iterator[str]:
    """Yield a command's options by section; the common ones only where there are headings."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for parameter in command.params:
        if isinstance(parameter, Flag) and (record := parameter.get_help_record(_context())):
            sections.setdefault(parameter.section, []).append(record)
    common = sections.pop(COMMON, [])
    for section, records in sections.items():
        if heading:
            yield f"{heading} {roff(section).upper()}"
        yield from _terms(records)
    if heading:
        yield f"{heading} {COMMON.upper()}"
        yield from _terms(common)


def _terms(records: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield terms with their descriptions, as a list of definitions."""
    for term, text in records:
        yield ".TP"
        yield f"\\fB{roff(term)}\\fR"
        yield roff(" ".join(text.split()))


def _prose(text: str) -> Iterator[str]:
    """Yield the paragraphs of a help text; those after `\\b` as they are written."""
    for paragraph in text.strip().split("\n\n"):
        lines = [line.strip("\n") for line in paragraph.strip("\n").splitlines()]
        yield ".PP"
        if lines[0].strip() == "\b":
            yield ".nf"
            yield from (roff(line) for line in lines[1:])
            yield ".fi"
        else:
            yield roff(" ".join(" ".join(lines).split()))


def roff(text: str) -> str:
    """Escape a text for roff: backslashes, hyphens, and a dot or quote that begins a line."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text


def _context() -> click.Context:
    return click.Context(cli, info_name="satellite")


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def main(file: Path | None) -> None:
    """Write the manual page of satellite to FILE, or to standard output."""
    if file is None:
        sys.stdout.write(page())
    else:
        file.write_text(page())


if __name__ == "__main__":
    main()
