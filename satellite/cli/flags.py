"""The options of the command line, and what was given of them.

Settings' flags are made from the typed settings, so that help and checks cannot drift from them.
Common options are taken before and after a command's name; the later one holds.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from satellite.cli import logs
from satellite.cli.command import COMMON, OPTIONS, Flag
from satellite.config.keys import keys
from satellite.config.layers import Given
from satellite.errors import ConfigError

if TYPE_CHECKING:
    from satellite.config.load import Configuration
    from satellite.lib.bus import Bus
    from satellite.settings import Settings

Decorator = Callable[[Any], Any]

SATELLITE = "Satellite"
SERVER = "Server (with --server)"
BOTH = "Engines (with and without --server)"

_ARGUMENTS = {"whole number": "N", "number": "NUMBER"}


class State:
    """What the command line said, before and after the command's name together."""

    def __init__(self) -> None:
        self.flags: dict[str, Given] = {}
        self.pairs: list[str] = []
        self.json = False
        self._common: dict[str, str] = {}

    def put(self, name: str, value: str) -> None:
        """Remember a common option."""
        self._common[name] = value

    def configuration(self) -> Configuration:
        """Read and check the configuration. Raises `ConfigError`."""
        from satellite.config import load as config

        named = self._find("config")
        return config.load(flags=self.flags, pairs=self.pairs, file=Path(named) if named else None)

    def settings(self, *, renew: bool = False) -> Settings:
        """Start logging and return the settings; `renew` files of older versions on the disk.

        Raises `ConfigError`.
        """
        self.start_logging()
        configuration = self.configuration()
        if renew:
            from satellite.setup import files

            files.migrate(configuration.files)
        return configuration.settings

    @property
    def file(self) -> str | None:
        """The configuration file that was named."""
        return self._find("config")

    @property
    def events(self) -> str | None:
        """The event log that was named."""
        return self._find("events")

    def run(
        self,
        main: Callable[[Bus], Awaitable[None]],
        *,
        lasting: bool = False,
        recorded: bool = True,
    ) -> None:
        """Run a command's asynchronous part, `recorded` in the event log that was asked for."""
        from satellite.cli import runner  # here, lest every `--help` waits for asyncio

        runner.run(main, events=self.events if recorded else None, lasting=lasting)

    def start_logging(self) -> None:
        """Log from the level that was asked for. Raises `ConfigError`."""
        level = self._find("log_level") or "info"
        if level not in logs.LEVELS:
            known = ", ".join(logs.LEVELS)
            raise ConfigError([f"environment SATELLITE_LOG_LEVEL: {level!r} is none of {known}"])
        logs.start(level)

    def _find(self, name: str) -> str | None:
        return self._common.get(name) or os.environ.get(f"SATELLITE_{name.upper()}") or None


def state(context: click.Context) -> State:
    """What this call of the program was given."""
    return context.find_root().ensure_object(State)


def setting(path: str, metavar: str | None = None, *, section: str = OPTIONS) -> Decorator:
    """The flag of a setting: `asr` becomes --asr, `server.asr_port` --asr-port."""
    key = keys()[path]
    unit = f" {key.info.unit}" if key.info.unit else ""
    default = f"  [default: {key.info.default}{unit}]" if key.info.default else ""
    return click.option(
        "--" + path.rpartition(".")[2].replace("_", "-"),
        cls=Flag,
        section=section,
        metavar=metavar or _ARGUMENTS.get(key.info.type, key.info.name.upper()),
        help=key.info.doc + default,
        expose_value=False,
        callback=_remember(path),
    )


def listed(path: str, section: str, metavar: str) -> Decorator:
    """The flag of a setting that is a list; it may be given once for each item."""

    def remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        if value:
            name = parameter.opts[0]
            state(context).flags[path] = Given(",".join(value), f"flag {name}")

    key = keys()[path]
    return click.option(
        "--" + path.rpartition(".")[2].replace("_", "-"),
        cls=Flag,
        section=section,
        metavar=metavar,
        multiple=True,
        help=f"{key.info.doc}; may be repeated  [default: {key.info.default}]",
        expose_value=False,
        callback=remember,
    )


def require_pairing(section: str = OPTIONS) -> Decorator:
    """The flag that turns away everybody who is not paired."""

    def remember(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
        if value:
            state(context).flags["pairing.required"] = Given("true", "flag --require-pairing")

    return click.option(
        "--require-pairing",
        cls=Flag,
        section=section,
        is_flag=True,
        help=keys()["pairing.required"].info.doc,
        expose_value=False,
        callback=remember,
    )


def engine(*roles: str, section: str = OPTIONS) -> Decorator:
    """The flags that choose the components of roles."""

    def decorate(command: Any) -> Any:
        for role in reversed(roles):
            command = setting(role, "COMPONENT", section=section)(command)
        return command

    return decorate


def no_zeroconf(section: str = OPTIONS) -> Decorator:
    """The flag that turns off all looking around and announcing on the LAN."""

    def remember(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
        if value:
            state(context).flags["zeroconf"] = Given("false", "flag --no-zeroconf")

    return click.option(
        "--no-zeroconf",
        cls=Flag,
        section=section,
        is_flag=True,
        help="Neither look for servers on the LAN nor announce ours",
        expose_value=False,
        callback=remember,
    )


def offline(section: str = OPTIONS) -> Decorator:
    """The flag that forbids to fetch models."""

    def remember(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
        if value:
            state(context).flags["models.offline"] = Given("true", "flag --offline")

    return click.option(
        "--offline",
        cls=Flag,
        section=section,
        is_flag=True,
        help="Fetch no models: no network contact for them",
        expose_value=False,
        callback=remember,
    )


def common(command: Any) -> Any:
    """Add the options that every command has."""
    for decorate in reversed(_common()):
        command = decorate(command)
    return command


def as_json(command: Any) -> Any:
    """Add `--json`, for commands that print a table."""

    def remember(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
        state(context).json |= value

    return click.option(
        "--json",
        cls=Flag,
        section=COMMON,
        is_flag=True,
        help="Print JSON in place of a table",
        expose_value=False,
        callback=remember,
    )(command)


def _common() -> list[Decorator]:
    def put(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
        if value is not None and parameter.name:
            state(context).put(parameter.name, value)

    def add_pairs(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        state(context).pairs.extend(value)

    def option(name: str, text: str, callback: Any, **more: Any) -> Decorator:
        return click.option(
            name,
            cls=Flag,
            section=COMMON,
            help=text,
            expose_value=False,
            callback=callback,
            **more,
        )

    return [
        option(
            "--config",
            "Read this file and no other  [default: /etc/satellite/satellite.toml and "
            "~/.config/satellite/satellite.toml]",
            put,
            metavar="FILE",
        ),
        option(
            "--set",
            "Set anything; `satellite config` lists all keys",
            add_pairs,
            metavar="KEY=VALUE",
            multiple=True,
        ),
        option(
            "--events",
            "Write every event as a line of JSON to a file, or to standard output (-)",
            put,
            metavar="FILE|-",
        ),
        option(
            "--log-level",
            f"Tell this much on standard error: {', '.join(logs.LEVELS)}  [default: info]",
            put,
            metavar="LEVEL",
            type=click.Choice(logs.LEVELS),
        ),
    ]


def _remember(path: str) -> Callable[[click.Context, click.Parameter, str | None], None]:
    def remember(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
        if value is not None:
            state(context).flags[path] = Given(value, f"flag {parameter.opts[0]}")

    return remember
