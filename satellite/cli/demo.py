"""`satellite demo`: one whole turn with no hardware and no network."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from satellite.cli import flags, sections
from satellite.cli.table import table
from satellite.lib import privileges

if TYPE_CHECKING:
    from satellite.lib.bus import Bus
    from satellite.settings import Settings

OUTPUT = "satellite-demo.wav"


@sections.command()
@flags.engine("wake", "vad", "asr", "llm", "tts")
@click.option(
    "--output",
    cls=flags.Flag,
    section=flags.OPTIONS,
    metavar="FILE",
    default=OUTPUT,
    help=f"WAV file that the answer is written to  [default: {OUTPUT}]",
)
@flags.common
@click.pass_context
def demo(context: click.Context, output: str) -> None:
    """Run one whole turn without any hardware or network.

    It speaks a request to itself, hears its wake word, understands, and writes the spoken answer
    to a WAV file.
    """
    state = flags.state(context)
    settings = state.settings()
    state.run(lambda bus: _demo(settings, bus, Path(output)))


async def _demo(settings: Settings, bus: Bus, output: Path) -> None:
    from satellite.cli import demo_turn as demo
    from satellite.errors import EngineFailed

    _keep(b"", output)  # before it takes anybody's time
    with tempfile.TemporaryDirectory(prefix="satellite-demo-") as folder:
        shown = await demo.run(settings, bus, Path(folder, OUTPUT))
        _keep(shown.output.read_bytes(), output)
    moments = demo.timeline(shown.happened)
    click.echo(table([(f"{m.at:7.2f} s", m.what, m.detail) for m in moments]))
    if not shown.answered:
        raise EngineFailed(
            "the demonstration was not answered; the lines above show how far it got"
        )
    click.echo(f"The answer can be heard in {output}.")


def _keep(sound: bytes, output: Path) -> None:
    """Write the file, with root's rights where root called: it stands where they are."""
    from satellite.errors import UsageError

    try:
        with privileges.as_root():
            output.write_bytes(sound)
    except OSError as error:
        raise UsageError(
            f"{output} cannot be written: {error.strerror}; name another file with --output"
        ) from error
