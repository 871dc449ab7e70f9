"""A stranger's plugins: installed, found, described, made and used; broken ones are reported.

The distribution in tests/sample_plugin is installed as any other, into a folder of its own, and
looked at by a fresh interpreter that has this folder on its path.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from satellite.components import registry
from satellite.errors import PluginUnknown
from satellite.requirements import is_own

SOURCE = Path(__file__).parents[1] / "sample_plugin"
REPOSITORY = Path(__file__).parents[2]


def installer() -> list[str]:
    """The command that installs packages into this environment."""
    if find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--python", sys.executable]
    pytest.skip("neither pip nor uv is there to install a plugin with")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the stranger's distribution is installed, offline."""
    base = tmp_path_factory.mktemp("stranger")
    source, target = base / "source", base / "site"
    shutil.copytree(SOURCE, source)  # building leaves files beside the source
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target"]
    done = subprocess.run(
        [*installer(), *options, str(target), str(source)], capture_output=True, timeout=120
    )
    assert done.returncode == 0, done.stderr.decode()
    return target


def run(site: Path, *arguments: str, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    """Run Python, with the stranger's folder on its path."""
    path = os.pathsep.join([str(site), str(REPOSITORY)])
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": path},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.fixture(scope="module")
def listed(site: Path) -> dict[tuple[str, str], Any]:
    """What `satellite plugins --json` tells of every plugin, by role and name."""
    done = run(site, "-m", "satellite", "plugins", "--json")
    assert done.returncode == 0, done.stderr
    return {(plugin["role"], plugin["name"]): plugin for plugin in json.loads(done.stdout)}


def test_a_strangers_plugin_is_found_and_described(listed: dict[tuple[str, str], Any]) -> None:
    beeper = listed["tts", "beeper"]
    assert (beeper["distribution"], beeper["version"]) == ("satellite-stranger", "1.2.3")
    assert beeper["summary"] == "Beeps once for each word."
    assert beeper["argument"] == "frequency"
    assert beeper["problem"] is None
    frequency, length = beeper["options"]
    assert frequency == {
        "name": "frequency",
        "type": "number",
        "default": "880.0",
        "unit": "Hz",
        "doc": "Pitch of the beep",
    }
    assert (length["name"], length["default"], length["unit"]) == ("length", "0.1", "s")


def test_a_broken_one_is_reported_with_its_reason_and_harms_no_other(
    listed: dict[tuple[str, str], Any],
) -> None:
    assert "engine_of_last_year" in listed["llm", "broken"]["problem"]
    assert "satellite-stranger 1.2.3" in listed["llm", "broken"]["problem"]
    assert listed["llm", "parrot"]["problem"] is None
    assert listed["llm", "intents"]["problem"] is None


def test_a_missing_package_is_reported_with_what_to_do(
    listed: dict[tuple[str, str], Any],
) -> None:
    picky = listed["llm", "picky"]
    assert picky["needs"] == ["Python package a_brain_nobody_has"]
    assert 'pip install "a_brain_nobody_has"' in picky["problem"]


MAKE = """
import asyncio, sys
from contextlib import aclosing
from satellite.components import spec as components
from satellite.errors import SatelliteError
from satellite.values import ReplyRequest, SpeechRequest

async def use(role, text):
    engine = components.create(role, text)
    await engine.load()
    ask = (lambda: engine.synthesize(SpeechRequest(text="one two"))) if role == "tts" else (
        lambda: engine.reply(ReplyRequest(text="one two")))
    async with aclosing(ask()) as answers:
        async for item in answers:
            print(item if role == "llm" else len(item.audio))
    await engine.close()

try:
    asyncio.run(use(*sys.argv[1:]))
except SatelliteError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


@pytest.mark.parametrize(
    ("role", "component", "words"),
    [
        ("tts", "beeper", "4800\n4800"),
        ("tts", "beeper:440?length=0.2", "8000\n8000"),
        ("llm", "parrot?prefix=Polly:", "Polly: \none \ntwo "),
    ],
)
def test_it_is_made_with_options_and_used(
    site: Path, role: str, component: str, words: str
) -> None:
    done = run(site, "-c", MAKE, role, component)
    assert (done.returncode, done.stdout.rstrip("\n")) == (0, words), done.stderr


@pytest.mark.parametrize(
    ("role", "component", "words"),
    [
        ("llm", "broken", "PluginBroken: .*satellite-stranger 1.2.3.*engine_of_last_year"),
        ("llm", "picky", 'PackageMissing: .*pip install "a_brain_nobody_has"'),
        ("llm", "parot", "PluginUnknown: .*did you mean parrot"),
        ("tts", "beeper?lenght=1", "ConfigError: .*lenght is unknown .did you mean length"),
        ("tts", "beeper:9000", 'ConfigError: .*frequency = "9000"'),
    ],
)
def test_a_failed_creation_is_reported_in_one_line(
    site: Path, role: str, component: str, words: str
) -> None:
    done = run(site, "-c", MAKE, role, component)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert re.match(words, done.stderr), done.stderr


def test_the_conformance_kit_serves_its_author(site: Path) -> None:
    tests = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    done = run(site, *tests, cwd=site.parent / "source")
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    assert "failed" not in done.stdout


def test_an_unknown_plugin_is_reported_with_the_nearest_name() -> None:
    with pytest.raises(PluginUnknown, match="did you mean espeak"):
        registry.find("tts", "espaek")


def test_every_built_in_plugin_can_be_imported_and_describes_itself() -> None:
    for plugin in registry.installed():
        if is_own(plugin.distribution):
            report = registry.report(plugin)
            assert "cannot be imported" not in (report.problem or ""), report.problem
            assert report.summary.endswith("."), f"{plugin.role} {plugin.name} has no summary"
            assert all(option.doc for option in report.options), f"{plugin.role} {plugin.name}"


def test_a_strangers_tool_is_offered_to_language_models(site: Path) -> None:
    code = "from satellite import tools; print(*(tool.name for tool in tools.installed()))"
    done = run(site, "-c", code)
    assert {"ask_parrot", "start_timer"} <= set(done.stdout.split()), done.stderr
