"""`satellite doctor`: one command for "it does not work"."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from satellite.cli import command, flags
from satellite.cli.screen import print_json
from satellite.errors import ConfigError
from satellite.lib import privileges

if TYPE_CHECKING:
    from satellite.config.load import Configuration
    from satellite.diagnostics.doctor.examination_input import ExaminationInput, ModelStore
    from satellite.diagnostics.doctor.finding import Finding
    from satellite.diagnostics.doctor.show import Progress

AREAS = (
    *("configuration", "python", "audio", "echo", "wake", "network", "ports", "firewall"),
    *("servers", "models", "machine", "homeassistant"),
)
"""As `satellite.diagnostics.doctor.areas` has them; that module is slow to import for a help."""

SECONDS = 4.0
"""How long the microphone is listened to: enough to tell a wrong rate from a right one."""


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
@click.argument("areas", nargs=-1, type=click.Choice(AREAS), metavar="[AREA]...")
@click.pass_context
def doctor(
    context: click.Context, areas: Sequence[str], report: Path | None, seconds: float
) -> None:
    """Find out what is wrong and how to fix it.

    The areas are configuration, python, audio, echo, wake, network, ports, firewall, servers,
    models, machine and homeassistant: all of them but wake by default, and echo, which plays a
    short sound, only on a terminal. What was recorded is measured and forgotten.

    Ends with 1 if anything is broken.
    """
    state = flags.state(context)
    state.start_logging()
    _hush()
    configuration, problems = _configuration(state)
    findings: list[Finding] = []
    watched = sys.stdout.isatty() and not state.json

    async def look(_bus: object) -> None:
        from satellite.diagnostics.doctor.areas import checks
        from satellite.diagnostics.doctor.examination import examine
        from satellite.diagnostics.doctor.report import write
        from satellite.diagnostics.doctor.secrets import masked_finding
        from satellite.diagnostics.doctor.show import progress

        with progress() as shown:
            case = _case(configuration, problems, seconds, shown)
            found = await examine(checks(areas, watched=watched), case, watch=shown.watch)
        findings.extend(masked_finding(finding) for finding in found)
        if report is not None:
            with privileges.as_root():  # for whoever looks for it beside them, and not the service
                write(report, findings, case)

    state.run(look)
    _tell(findings, as_json=state.json)
    if report is not None:
        click.echo(f"the report is in {report}; read it before you give it to others", err=True)
    if any(finding.state == "broken" for finding in findings):
        context.exit(1)


def _configuration(state: flags.State) -> tuple[Configuration | None, tuple[str, ...]]:
    """The configuration, or what is wrong with it."""
    try:
        return state.configuration(), ()
    except ConfigError as error:
        return None, error.problems


def _case(
    configuration: Configuration | None,
    problems: tuple[str, ...],
    seconds: float,
    progress: Progress,
) -> ExaminationInput:
    from satellite.config.keys import build
    from satellite.diagnostics.doctor.examination_input import ExaminationInput
    from satellite.engines import context as models
    from satellite.net import pairing

    settings = configuration.settings if configuration else build({})
    models.use(settings.models)
    pairing.use(settings.pairing)
    return ExaminationInput(
        settings,
        problems=problems,
        origins=configuration.origins if configuration else {},
        files=configuration.files if configuration else (),
        store=_store,
        say=progress.say,
        seconds=seconds,
    )


def _store() -> ModelStore:
    from servers.models.store import Store

    return Store()


def _tell(findings: Sequence[Finding], *, as_json: bool) -> None:
    from satellite.diagnostics.doctor.show import show

    if as_json:
        print_json(findings)
    else:
        show(findings)


def _hush() -> None:
    """Findings say what is wrong; the log of what they call is for those who ask for it."""
    root = logging.getLogger()
    if root.level > logging.DEBUG:
        root.setLevel(logging.CRITICAL)
