"""`satellite setup`: the guided first run, and every later one."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click

from satellite.cli import command, flags, logs
from satellite.cli.guided_setup.asking import Asker
from satellite.cli.guided_setup.wizard import SetupOptions, Wizard
from satellite.cli.terminal import asker
from satellite.config import files
from satellite.config import load as config
from satellite.config.layers import Given
from satellite.lib.bus import Bus


def _option(name: str, text: str, **more: Any) -> flags.Decorator:
    return command.option(name, help=text, **more)


@command.command()
@flags.setting("language")
@flags.setting("name")
@flags.setting("area")
@flags.engine("mic", "speaker", "wake")
@_option(
    "--server", "Ask this server first, found or not; may be repeated", metavar="URI", multiple=True
)
@_option("--home", "Address of Home Assistant, as http://homeassistant.local:8123", metavar="URL")
@_option("--token-file", "File with its long-lived access token", metavar="FILE")
@_option(
    "--pair", "Pair with this machine, which shows a code with `satellite pair`", metavar="HOST"
)
@_option("--code", "The pairing code  [default: ask for it]", metavar="CODE")
@_option(
    "--service/--no-service",
    "Start the service, or do not  [default: ask]",
    default=None,
)
@_option(
    "--output",
    "Write this file  [default: the one that was read]",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
)
@_option(
    "--yes",
    "Ask and play nothing: use the options and, for the rest, the current settings",
    is_flag=True,
)
@flags.no_zeroconf()
@flags.common
@click.pass_context
def setup(
    context: click.Context,
    server: tuple[str, ...],
    home: str | None,
    token_file: str | None,
    pair: str | None,
    code: str | None,
    service: bool | None,
    output: Path | None,
    yes: bool,
) -> None:
    """Set up audio, wake word, servers and Home Assistant.

    Asks for the language, finds the devices and servers, lets you hear and try them, and writes the
    configuration with comments after saving a copy of the old file. At the end it tries a whole
    turn, from the wake word to the answer. Run again, it changes only what you change.
    """
    invocation = flags.invocation(context)
    for path, flag, value in (
        ("servers.pin", "--server", ",".join(server)),
        ("home.url", "--home", home),
        ("home.token_file", "--token-file", token_file and str(Path(token_file).absolute())),
    ):
        if value:
            invocation.flags[path] = Given(value, f"flag {flag}")
    invocation.start_logging()
    options = SetupOptions(pair=pair, code=code, service=service)
    session = _session(invocation, asker(silent=yes), options, output)

    # the screen of the setup reports the same
    logs.quieten("satellite")
    logs.quieten("satellite.net.discovery", logging.ERROR)
    logs.quieten("servers")

    async def run(bus: Bus) -> None:
        # imported here: the audio and network parts take half a second, and --help needs none
        from satellite.cli.guided_setup.guide import guide

        await guide(session, bus)

    invocation.run(run)


def _session(
    invocation: flags.Invocation, ask: Asker, options: SetupOptions, output: Path | None
) -> Wizard:
    named = output or (Path(invocation.file) if invocation.file else None)
    if named is None:
        read = config.load(flags=invocation.flags, pairs=invocation.pairs)
    elif named.exists():
        read = config.load(flags=invocation.flags, pairs=invocation.pairs, file=named)
    else:
        read = config.load(flags=invocation.flags, pairs=invocation.pairs, files=())
    preset = [path for path in invocation.flags if path != "zeroconf"]
    preset += [pair.partition("=")[0].strip() for pair in invocation.pairs]
    return Wizard(ask, read.settings, preset, options, named or files.target())
