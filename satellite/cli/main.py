"""The command `satellite`: itself without a command's name, and all its commands."""

from __future__ import annotations

import click

from satellite.cli import flags
from satellite.cli.ask import ask
from satellite.cli.config import config
from satellite.cli.demo import demo
from satellite.cli.devices import devices
from satellite.cli.discover import discover
from satellite.cli.doctor import doctor
from satellite.cli.flags import BOTH, SATELLITE, SERVER
from satellite.cli.models import models
from satellite.cli.mute import mute
from satellite.cli.pair import pair
from satellite.cli.plugins import plugins
from satellite.cli.recordings import recordings
from satellite.cli.reload import reload
from satellite.cli.run import run
from satellite.cli.say import say
from satellite.cli.sections import WIDTH, SectionedGroup
from satellite.cli.server import server
from satellite.cli.setup import setup
from satellite.cli.stats import stats
from satellite.cli.status import status
from satellite.cli.transcribe import transcribe
from satellite.cli.unduck import unduck
from satellite.cli.version import version
from satellite.cli.watch import watch
from satellite.config.layers import Given

_EPILOG = """
A COMPONENT is PLUGIN[:ARGUMENT][?option=value&...], the tcp:// or unix:// address of a Wyoming
service, or auto. `satellite plugins` lists the plugins with their options.

\b
Examples:
  satellite demo                          one whole turn without any hardware
  satellite                               listen; use the servers on the LAN if there are any
  satellite --server                      serve speech and language models to the LAN
  satellite --mic alsa:plughw:1,0 --wake 'openwakeword:hey_jarvis?threshold=0.6'
  satellite --asr tcp://10.0.0.5:10300 --set listen.silence=0.9
  satellite config                        what is set, and where it was set

Every setting can also stand in the environment (listen.silence is SATELLITE_LISTEN_SILENCE) or in
a TOML file. Flags go before the environment, the environment before files.
"""

_USUAL = "usual"
"""What --server without a value means: the roles of the configuration."""

_ONLY_SERVER = (
    "host",
    "asr_port",
    "llm_port",
    "tts_port",
    "wake_port",
    "tls_port",
    "uri",
    "metrics",
)
_ONLY_SATELLITE = ("name", "area", "mic", "speaker", "vad", "brain", "homeassistant.listen")


@click.group(
    cls=SectionedGroup,
    invoke_without_command=True,
    epilog=_EPILOG,
    context_settings=WIDTH,
)
@flags.setting("name", SATELLITE)
@flags.setting("area", SATELLITE)
@flags.setting("language", SATELLITE)
@flags.engine("mic", "speaker", "vad", section=SATELLITE)
@flags.setting("brain", SATELLITE, "auto|local|homeassistant")
@flags.setting("homeassistant.listen", SATELLITE, "URI")
@flags.engine("wake", "asr", "llm", "tts", section=BOTH)
@flags.listed("allow", BOTH, "NETWORK")
@flags.require_pairing(BOTH)
@flags.no_zeroconf(BOTH)
@flags.offline(BOTH)
@click.option(
    "--server",
    "served",
    cls=flags.Flag,
    section=SERVER,
    is_flag=False,
    flag_value=_USUAL,
    metavar="[ROLES]",
    help="Serve engines as Wyoming services and announce them: some of asr,llm,tts,wake  "
    "[default: asr,llm,tts]",
)
@flags.setting("server.host", SERVER, "ADDRESS")
@flags.setting("server.asr_port", SERVER, "PORT")
@flags.setting("server.llm_port", SERVER, "PORT")
@flags.setting("server.tts_port", SERVER, "PORT")
@flags.setting("server.wake_port", SERVER, "PORT")
@flags.setting("server.tls_port", SERVER, "PORT")
@flags.setting("server.uri", SERVER, "URI")
@flags.setting("server.metrics", SERVER, "PORT")
@flags.common
@flags.as_json
@click.option(
    "--version",
    "asked",
    cls=flags.Flag,
    section=flags.COMMON,
    is_flag=True,
    help="Print the version, and those of the engines and models here",
)
@click.pass_context
def cli(context: click.Context, served: str | None, asked: bool) -> None:
    """A voice satellite: it hears its wake word, understands, and answers.

    Without a command it listens until it is stopped; with --server it serves engines to others.
    """
    state = flags.state(context)
    if asked:
        version(state)
        context.exit()
    if context.invoked_subcommand is not None:
        if served is not None:
            raise click.UsageError(f"--server and {context.invoked_subcommand} exclude each other")
        if state.json and not _prints_table(context):
            raise click.UsageError(f"{context.invoked_subcommand} prints no table for --json")
        return
    if state.json:
        raise click.UsageError("--json is for commands that print a table")
    if served is None:
        _refuse(state, [f"server.{name}" for name in _ONLY_SERVER], "is for --server alone")
        run(state)
    else:
        _refuse(state, _ONLY_SATELLITE, "is not for --server")
        if served != _USUAL:
            state.flags["server.roles"] = Given(served, "flag --server")
        server(state)


def _refuse(state: flags.State, paths: list[str] | tuple[str, ...], why: str) -> None:
    for path in paths:
        if given := state.flags.get(path):
            raise click.UsageError(f"{given.origin.removeprefix('flag ')} {why}")


def _prints_table(context: click.Context) -> bool:
    command = cli.commands[context.invoked_subcommand or ""]
    return any("--json" in parameter.opts for parameter in command.params)


for _command in (
    setup,
    demo,
    say,
    mute,
    reload,
    ask,
    transcribe,
    models,
    devices,
    discover,
    pair,
    doctor,
    status,
    watch,
    stats,
    plugins,
    config,
    recordings,
    unduck,
):
    cli.add_command(_command)
