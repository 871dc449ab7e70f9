"""`satellite doctor`: one command for "it does not work"."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click

from satellite.cli import command, flags
from satellite.cli.screen import echo, print_json
from satellite.config.keys import build
from satellite.diagnostics.doctor.areas import AREAS, checks
from satellite.diagnostics.doctor.context import Context, ModelStore
from satellite.diagnostics.doctor.examination import examine
from satellite.diagnostics.doctor.report import masked_finding, write
from satellite.diagnostics.doctor.show import progress, show
from satellite.errors import ConfigError
from satellite.lib import privileges
from satellite.lib.finding import Finding
from satellite.settings import ModelSettings

SECONDS = 4.0
"""Seconds to record: enough to recognise a wrong sample rate."""


@command.command()
@command.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write everything into a file, without secrets, to attach to an issue",
)
@command.option(
    "--seconds",
    type=click.FloatRange(1, 600),
    default=SECONDS,
    metavar="SECONDS",
    help=f"Listen to the microphone this long  [default: {SECONDS:g} s]",
)
@flags.setting("name")
@flags.engine("mic", "speaker", "wake", "asr", "llm", "tts")
@flags.setting("homeassistant.listen", "URI")
@flags.no_zeroconf()
@flags.common
@flags.as_json
@click.argument(
    "areas", nargs=-1, type=click.Choice([area.name for area in AREAS]), metavar="[AREA]..."
)
@click.pass_context
def doctor(
    context: click.Context, areas: Sequence[str], report: Path | None, seconds: float
) -> None:
    """Find out what is wrong and how to fix it.

    The areas are configuration, python, audio, echo, wake, network, ports, firewall, servers,
    models, mcp, machine and homeassistant. By default all are checked but wake, and echo, which
    plays a short sound, only on a terminal. Recordings are measured and not saved.

    The exit code is 1 if anything is broken.
    """
    invocation = flags.invocation(context)
    invocation.start_logging()
    _silence_log()
    findings: list[Finding] = []
    watched = sys.stdout.isatty() and not invocation.json

    async def look(_bus: object) -> None:
        with progress() as shown:
            machine = examined_machine(invocation, seconds, shown.say)
            found = await examine(list(checks(areas, watched=watched)), machine, watch=shown.watch)
        findings.extend(masked_finding(finding) for finding in found)
        if report is not None:
            with privileges.as_root():  # the caller gets the file, not the user of the service
                write(report, findings, machine)

    invocation.run(look)
    if invocation.json:
        print_json(findings)
    else:
        show(findings)
    if report is not None:
        echo(f"the report is in {report}; read it before you share it", err=True)
    if any(finding.state == "broken" for finding in findings):
        context.exit(1)


def examined_machine(
    invocation: flags.Invocation,
    seconds: float = SECONDS,
    say: Callable[[str], None] = lambda text: None,
) -> Context:
    """Read the configuration; its problems become findings, and the defaults are used instead."""
    machine = Context(say=say, seconds=seconds)
    try:
        configuration = invocation.configuration()
    except ConfigError as error:
        machine.settings, machine.problems = build({}), error.problems
    else:
        machine.settings = configuration.settings
        machine.origins, machine.files = configuration.origins, configuration.files
    machine.store = partial(_store, machine.settings.models)
    return machine


def _store(settings: ModelSettings) -> ModelStore:
    from servers.models.store import Store  # the servers are loaded only where they are needed

    return Store.for_settings(settings)


def _silence_log() -> None:
    """Leave only findings on the screen, unless the log was asked for by --log-level debug."""
    root = logging.getLogger()
    if root.level > logging.DEBUG:
        root.setLevel(logging.CRITICAL)
