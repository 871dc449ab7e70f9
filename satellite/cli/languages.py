"""`satellite languages`: the language packs, and the check of one."""

from __future__ import annotations

from collections.abc import Sequence

import click
import msgspec

from satellite.cli import command, flags
from satellite.cli.language_check import PARTS, has, problems
from satellite.cli.screen import echo, print_json, print_table
from satellite.errors import SatelliteError, UsageError
from satellite.languages import pack
from satellite.options import unknown_name


class Row(msgspec.Struct, frozen=True):
    """A language pack in the list."""

    code: str
    name: str
    english: str
    missing: tuple[str, ...]
    """Parts that the pack lacks."""


class Result(msgspec.Struct, frozen=True):
    """The check of a language pack."""

    code: str
    problems: tuple[str, ...]
    tests: int
    failed: tuple[str, ...]
    """Test sentences that were understood otherwise."""


@command.group("languages")
@flags.common
@flags.as_json
@click.pass_context
def languages(context: click.Context) -> None:
    """List the language packs, or check one.

    Without a command, list them. satellite/languages/README.md says how to add one.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_languages)


@languages.command("list", context_settings=command.WIDTH)
@flags.common
@flags.as_json
@click.pass_context
def list_languages(context: click.Context) -> None:
    """List the language packs and the parts that each lacks."""
    invocation = flags.invocation(context)
    invocation.start_logging()
    rows = []
    for code in pack.installed():
        found = pack.find(code)
        assert found is not None  # it is installed
        missing = tuple(part for part in PARTS if not has(found, part))
        rows.append(Row(code, found.about.name, found.about.english, missing))
    if invocation.json:
        print_json(rows)
        return
    cells = [
        (
            row.code,
            row.english,
            f"without {', '.join(row.missing)}" if row.missing else "all",
            row.name,
        )
        for row in rows
    ]
    # names last: Chinese characters are twice as wide
    print_table(cells, header=("CODE", "ENGLISH NAME", "PARTS", "NAME"))


@languages.command("check", context_settings=command.WIDTH)
@flags.common
@flags.as_json
@click.argument("codes", nargs=-1, metavar="[CODE]...")
@click.pass_context
def check(context: click.Context, codes: Sequence[str]) -> None:
    """Check language packs: all of them, or those that are named.

    Reads each part, compares its keys with the English ones, and matches the pack's own test
    sentences. The exit code is 1 if anything is wrong.
    """
    invocation = flags.invocation(context)
    invocation.start_logging()
    known = pack.installed()
    for code in codes:
        if pack.find(code) is None:
            raise UsageError(f"language {unknown_name(code, dict.fromkeys(known))}")
    results = []
    for code in codes or known:
        lines, report = problems(code)
        results.append(Result(code, tuple(lines), report.tests, report.failed))
    if invocation.json:
        print_json(results)
    else:
        for result in results:
            echo("\n".join(_lines(result)))
    if bad := [result.code for result in results if result.problems or result.failed]:
        raise SatelliteError(f"language packs with problems: {', '.join(bad)}")


def _lines(result: Result) -> list[str]:
    passed = result.tests - len(result.failed)
    head = f"{result.code}: {len(result.problems)} problems, {passed} of {result.tests} tests pass"
    return [head, *(f"  {line}" for line in (*result.problems, *result.failed))]
