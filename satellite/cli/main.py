"""The program `satellite`: its own options, and the list of its commands."""

from __future__ import annotations

from collections.abc import Sequence

import click

from satellite.cli import flags
from satellite.cli.command import COMMON, WIDTH, Flag, LazyCommand, LazyGroup
from satellite.cli.flags import BOTH, SATELLITE, SERVER
from satellite.config.layers import Given

_EPILOG = """
A COMPONENT is PLUGIN[:ARGUMENT][?option=value&...], the tcp:// or unix:// address of a Wyoming
service, or auto. `satellite plugins` lists the plugins with their options.

\b
Examples:
  satellite demo                  one whole turn without any hardware
  satellite                       listen, with servers of the LAN if any
  satellite --server              serve speech and language models to the LAN
  satellite config                every setting and its origin
  satellite --mic pulse:NAME --wake 'two-stage:hey_jarvis?threshold=0.2'
  satellite --asr tcp://10.0.0.5:10300 --set listen.silence=0.9

Every setting can also stand in the environment (listen.silence is SATELLITE_LISTEN_SILENCE) or in
a TOML file. Flags go before the environment, the environment before files.

Completion of commands and options, for bash (zsh and fish likewise):

\b
  eval "$(_SATELLITE_COMPLETE=bash_source satellite)"
"""

COMMANDS = {
    "setup": "Set up audio, wake word, servers and Home Assistant.",
    "demo": "Run one whole turn without any hardware or network.",
    "doctor": "Find out what is wrong and how to fix it.",
    "talk": "Talk with the language model, typed or spoken.",
    "say": "Speak a text.",
    "ask": "Ask a question and print the answer.",
    "transcribe": "Print what is said in a WAV file.",
    "homeassistant": "Show how Home Assistant uses this satellite.",
    "mute": "Mute or unmute the satellite on this machine.",
    "reload": "Make the satellite on this machine reread its settings.",
    "status": "Show what the satellite on this machine does now.",
    "watch": "Watch the satellite on this machine live.",
    "stats": "Show how turns ended and how long their stages took.",
    "recordings": "List, play or delete recorded turns and near misses.",
    "devices": "List or try the microphones and speakers.",
    "discover": "Show the servers and satellites on the LAN.",
    "page": "Show the address of the page and let a browser log in.",
    "pair": "Pair two machines for encrypted connections.",
    "models": "List, fetch, check or remove models.",
    "voices": "List, add or remove cloned voices.",
    "wake": "Teach the satellite voices, or try a wake word.",
    "people": "List, add or remove people by their voices.",
    "plugins": "List, check or create plugins.",
    "tools": "List the tools that language models are offered.",
    "languages": "List the language packs, or check one.",
    "config": "Print every setting with the origin of its value.",
    "update": "Install the newest version of this program.",
    "unduck": "Restore the volume of other programs after a crash.",
}
"""Every command, each in the module of its name, with the first line of its help.

The modules are imported when their command is called, so that `satellite --help` waits for none.
"""

_USUAL = "usual"
"""Stands for the roles of the configuration, where --server has no value."""

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
_ONLY_SATELLITE = ("area", "mic", "speaker", "vad", "brain", "homeassistant.listen")


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    epilog=_EPILOG,
    context_settings=WIDTH,
)
@flags.setting("area", section=SATELLITE)
@flags.setting("language", section=SATELLITE)
@flags.engine("mic", "speaker", "vad", section=SATELLITE)
@flags.setting("brain", "auto|local|homeassistant", section=SATELLITE)
@flags.setting("homeassistant.listen", "URI", section=SATELLITE)
@flags.setting("name", section=BOTH)
@flags.engine("wake", "asr", "llm", "tts", section=BOTH)
@flags.listed("allow", "NETWORK", section=BOTH)
@flags.require_pairing(BOTH)
@flags.no_zeroconf(BOTH)
@flags.offline(BOTH)
@click.option(
    "--server",
    "served",
    cls=Flag,
    section=SERVER,
    is_flag=False,
    flag_value=_USUAL,
    metavar="[ROLES]",
    help="Serve engines as Wyoming services and announce them: some of asr,llm,tts,wake  "
    "[default: asr,llm,tts]",
)
@flags.setting("server.host", "ADDRESS", section=SERVER)
@flags.setting("server.asr_port", "PORT", section=SERVER)
@flags.setting("server.llm_port", "PORT", section=SERVER)
@flags.setting("server.tts_port", "PORT", section=SERVER)
@flags.setting("server.wake_port", "PORT", section=SERVER)
@flags.setting("server.tls_port", "PORT", section=SERVER)
@flags.setting("server.uri", "URI", section=SERVER)
@flags.setting("server.metrics", "PORT", section=SERVER)
@flags.common
@flags.as_json
@click.option(
    "-V",
    "--version",
    "asked",
    cls=Flag,
    section=COMMON,
    is_flag=True,
    help="Print the version, and those of the installed engines and models",
)
@click.pass_context
def cli(context: click.Context, served: str | None, asked: bool) -> None:
    """A voice satellite: it hears its wake word, understands the request, and answers.

    Without a command, listen until stopped. With --server, serve engines to satellites on the LAN.
    """
    invocation = flags.invocation(context)
    if asked:
        from satellite.cli.version import version  # `--help` does not wait for the plugins

        version(invocation)
        context.exit()
    if context.invoked_subcommand is not None:
        if served is not None:
            raise click.UsageError(f"--server and {context.invoked_subcommand} exclude each other")
        if invocation.json and not _prints_table(context):
            raise click.UsageError(f"{context.invoked_subcommand} prints no table for --json")
        return
    if invocation.json:
        raise click.UsageError("--json is for commands that print a table")
    if served is None:
        _refuse(invocation, [f"server.{name}" for name in _ONLY_SERVER], "is for --server alone")
        from satellite.cli.run import run  # nor for the whole satellite

        run(invocation)
    else:
        _refuse(invocation, _ONLY_SATELLITE, "is not for --server")
        if served != _USUAL:
            invocation.flags["server.roles"] = Given(served, "flag --server")
        from satellite.cli.server import server  # nor for the servers

        server(invocation)


def _refuse(invocation: flags.Invocation, paths: Sequence[str], reason: str) -> None:
    """Raise `click.UsageError` for a flag of a setting that has no meaning here."""
    for path in paths:
        if flag := invocation.flags.get(path):
            raise click.UsageError(f"{flag.origin.removeprefix('flag ')} {reason}")


def _prints_table(context: click.Context) -> bool:
    command = cli.get_command(context, context.invoked_subcommand or "")
    return command is not None and any("--json" in option.opts for option in command.params)


for _name, _short_help in COMMANDS.items():
    cli.add_command(LazyCommand(_name, f"satellite.cli.{_name}:{_name}", _short_help))
