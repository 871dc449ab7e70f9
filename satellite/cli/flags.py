"""The options of the command line, and their values.

The flags of settings are made from the typed settings, so that help and checks cannot drift from
them. Common options are taken before and after a command's name; the later one holds.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from satellite.cli import logs
from satellite.cli.command import COMMON, OPTIONS, Flag
from satellite.config.keys import keys
from satellite.config.layers import Given
from satellite.errors import ConfigError
from satellite.text.quoted import quoted

if TYPE_CHECKING:
    from satellite.config.edit import SettingsFile
    from satellite.config.load import Configuration
    from satellite.lib.bus import Bus
    from satellite.settings import Settings

Decorator = Callable[[Any], Any]

SATELLITE = "Satellite"
SERVER = "Server (with --server)"
BOTH = "Satellite and server"

_ARGUMENTS = {"whole number": "N", "number": "NUMBER"}


class Invocation:
    """The options of one call, from before and after the command's name together."""

    def __init__(self) -> None:
        self.flags: dict[str, Given] = {}
        self.pairs: list[str] = []
        self.json = False
        self.louder = 0
        """Steps by which more is logged than `--log-level` names: -v minus -q."""
        self._common: dict[str, str] = {}

    def put(self, name: str, value: str) -> None:
        """Remember a common option."""
        self._common[name] = value

    def configuration(self, instead: Mapping[Path, Path] | None = None) -> Configuration:
        """Read and check the configuration, with other files `instead` of some.

        Raises `ConfigError`.
        """
        from satellite.config import load as config  # not for `--help`

        named, other = self._find("config"), instead or {}
        file = other.get(Path(named), Path(named)) if named else None
        files = [other.get(default, default) for default in config.default_files()]
        return config.load(flags=self.flags, pairs=self.pairs, file=file, files=files)

    def settings_file(self) -> SettingsFile:
        """Return the file in which programs change settings: that of --config, or the user's."""
        from satellite.config import edit, files  # not for `--help`

        path = Path(self.file) if self.file else files.target()
        return edit.SettingsFile(path, self.configuration)

    def settings(self, *, renew: bool = False) -> Settings:
        """Start logging and return the settings; `renew` files of older versions on the disk.

        Raises `ConfigError`.
        """
        self.start_logging()
        configuration = self.configuration()
        if renew:
            from satellite.config import files  # not for `--help`

            files.migrate(configuration.files)
        return configuration.settings

    @property
    def file(self) -> str | None:
        """The configuration file of --config."""
        return self._find("config")

    @property
    def events(self) -> str | None:
        """The event log of --events."""
        return self._find("events")

    @property
    def log_level(self) -> str:
        """The level of --log-level, -v and -q together. Raises `ConfigError`."""
        level = self._find("log_level") or "info"
        if level not in logs.LEVELS:
            known = ", ".join(logs.LEVELS)
            raise ConfigError(
                [f"environment SATELLITE_LOG_LEVEL: {quoted(level)} is none of {known}"]
            )
        place = logs.LEVELS.index(level) - self.louder
        return logs.LEVELS[min(max(place, 0), len(logs.LEVELS) - 1)]

    def run(
        self,
        main: Callable[[Bus], Awaitable[None]],
        *,
        lasting: bool = False,
        recorded: bool = True,
        patience: float = 0.0,
    ) -> None:
        """Run a command's asynchronous part, `recorded` in the event log of --events; `patience`:
        see `satellite.cli.runner.run`."""
        from satellite.cli import runner  # asyncio is not for `--help`

        events = self.events if recorded else None
        runner.run(main, events=events, lasting=lasting, patience=patience)

    def start_logging(self) -> None:
        """Log from the level of the options on. Raises `ConfigError`."""
        logs.start(self.log_level)

    def _find(self, name: str) -> str | None:
        return self._common.get(name) or os.environ.get(f"SATELLITE_{name.upper()}") or None


def invocation(context: click.Context) -> Invocation:
    """Return the options of this call of the program."""
    return context.find_root().ensure_object(Invocation)


def setting(path: str, metavar: str | None = None, *, section: str = OPTIONS) -> Decorator:
    """Add the flag of a setting: `asr` becomes --asr, `server.asr_port` --asr-port."""

    def remember(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
        if value is not None:
            invocation(context).flags[path] = Given(value, f"flag {parameter.opts[0]}")

    key = keys()[path]
    unit = f" {key.info.unit}" if key.info.unit else ""
    default = f"  [default: {key.info.default}{unit}]" if key.info.default else ""
    return _flag(
        _name_of(path),
        key.info.doc + default,
        remember,
        section,
        metavar=metavar or _ARGUMENTS.get(key.info.type, key.info.name.upper()),
    )


def listed(path: str, metavar: str, *, section: str = OPTIONS) -> Decorator:
    """Add the flag of a setting that is a list; it may be repeated, once for each item."""

    def remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        if value:
            invocation(context).flags[path] = Given(",".join(value), f"flag {parameter.opts[0]}")

    key = keys()[path]
    text = f"{key.info.doc}; may be repeated  [default: {key.info.default}]"
    return _flag(_name_of(path), text, remember, section, metavar=metavar, multiple=True)


def switch(path: str, name: str, value: str, text: str, *, section: str = OPTIONS) -> Decorator:
    """Add a flag without a value that gives a setting one."""

    def remember(context: click.Context, _parameter: click.Parameter, on: bool) -> None:
        if on:
            invocation(context).flags[path] = Given(value, f"flag {name}")

    return _flag(name, text, remember, section, is_flag=True)


def require_pairing(section: str = OPTIONS) -> Decorator:
    """Add the flag that refuses peers that are not paired."""
    text = keys()["pairing.required"].info.doc
    return switch("pairing.required", "--require-pairing", "true", text, section=section)


def no_zeroconf(section: str = OPTIONS) -> Decorator:
    """Add the flag that turns off all discovery and all adverts on the LAN."""
    text = "Neither look for servers on the LAN nor announce ours"
    return switch("zeroconf", "--no-zeroconf", "false", text, section=section)


def offline(section: str = OPTIONS) -> Decorator:
    """Add the flag that forbids downloads of models."""
    text = "Download no models: no network contact for them"
    return switch("models.offline", "--offline", "true", text, section=section)


def engine(*roles: str, section: str = OPTIONS) -> Decorator:
    """Add the flags that choose the components of roles."""

    def decorate(command: Any) -> Any:
        for role in reversed(roles):
            command = setting(role, "COMPONENT", section=section)(command)
        return command

    return decorate


def common(command: Any) -> Any:
    """Add the options that every command has."""
    for decorate in reversed(_common()):
        command = decorate(command)
    return command


def as_json(command: Any) -> Any:
    """Add `--json`, for commands that print a table."""

    def remember(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
        invocation(context).json |= value

    text = "Print JSON in place of a table, where a command prints one"
    return _flag("--json", text, remember, COMMON, is_flag=True)(command)


def _common() -> list[Decorator]:
    def put(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
        if value is not None and parameter.name:
            invocation(context).put(parameter.name, value)

    def add_pairs(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        invocation(context).pairs.extend(value)

    def louder(context: click.Context, parameter: click.Parameter, value: int) -> None:
        invocation(context).louder += value if parameter.name == "verbose" else -value

    return [
        _flag(
            "--config",
            "Read this file and no other  [default: /etc/satellite/satellite.toml and "
            "~/.config/satellite/satellite.toml]",
            put,
            COMMON,
            metavar="FILE",
        ),
        _flag(
            "--set",
            "Set anything; `satellite config` lists all keys",
            add_pairs,
            COMMON,
            metavar="KEY=VALUE",
            multiple=True,
        ),
        _flag(
            "--events",
            "Write every event as a line of JSON to a file, or to standard output (-)",
            put,
            COMMON,
            metavar="FILE|-",
        ),
        _flag(
            "--log-level",
            f"Log from this level on: {', '.join(logs.LEVELS)}  [default: info]",
            put,
            COMMON,
            metavar="LEVEL",
            type=click.Choice(logs.LEVELS),
        ),
        _flag("-v", "Log more: debug messages", louder, COMMON, long="--verbose", count=True),
        _flag(
            "-q",
            "Log less: warnings only; -qq: errors only",
            louder,
            COMMON,
            long="--quiet",
            count=True,
        ),
    ]


def _name_of(path: str) -> str:
    return "--" + path.rpartition(".")[2].replace("_", "-")


def _flag(
    name: str, text: str, callback: Any, section: str, *, long: str = "", **more: Any
) -> Decorator:
    """Make an option whose value goes into `Invocation`, not to the command's function."""
    names = (name, long) if long else (name,)
    return click.option(
        *names, cls=Flag, section=section, help=text, expose_value=False, callback=callback, **more
    )
