"""The satellite is light: what it imports, shown in fresh interpreters."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import pytest

from satellite.components import registry
from satellite.requirements import is_own

HEAVY = {
    "ctranslate2",
    "faster_whisper",
    "onnxruntime",
    "openwakeword",
    "pandas",
    "piper",
    "scipy",
    "sklearn",
    "torch",
}
"""What no satellite imports."""

LATE = HEAVY | {
    "aiohttp",
    "hassil",
    "numpy",
    "pocketsphinx",
    "prometheus_client",
    "rich",
    "sounddevice",
    "soxr",
    "zeroconf",
}
"""What is imported only where it is used."""

HELP_STARTS = 12
"""Most that --help takes, in starts of a bare Python: 0.3 s where one takes 25 ms."""

_PRINT = "\nimport json, sys; print(json.dumps(sorted(m for m in sys.modules if '.' not in m)))"


def imported_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after running some code."""
    done = subprocess.run(
        [sys.executable, "-c", code + _PRINT], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_command_line_imports_nothing_that_it_need_not() -> None:
    modules = imported_by("import satellite.__main__")
    assert modules & (LATE | {"asyncio", "wyoming"}) == set()


def test_help_is_quick() -> None:
    """The best of five in CPU time, so that other work on the machine does not count."""

    def best(*arguments: str) -> float:
        times = []
        for _ in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(times)

    assert best("-m", "satellite", "--help") < HELP_STARTS * best("-c", "pass")


def test_the_app_is_light() -> None:
    assert imported_by("import satellite.app") & HEAVY == set()


def test_no_program_loads_http_before_its_first_client() -> None:
    modules = imported_by("import satellite.app, servers.app")
    assert modules & {"aiohttp", "prometheus_client"} == set()


def test_checking_the_configuration_is_light() -> None:
    code = "from satellite.config import load as config; config.load(environment={}, files=[])"
    assert imported_by(code) & LATE == set()


def test_looking_at_every_plugin_of_ours_is_light() -> None:
    """Their options are read at every start, so that their modules import nothing heavy."""
    ours = [p for p in registry.installed() if is_own(p.distribution)]
    assert len(ours) > 10
    names = [(plugin.role, plugin.name) for plugin in ours]
    code = f"for role, name in {names}: registry.find(role, name).load()"
    assert (
        imported_by("from satellite.components import registry\n" + code) & (LATE - {"numpy"})
        == set()
    )


@pytest.mark.parametrize("role", ["wake", "asr", "llm", "tts"])
def test_loading_a_built_in_engine_is_light(role: str) -> None:
    code = f"""
import asyncio
from satellite.engines import assembly as engines
from satellite.components.auto import BUILT_IN
from satellite.settings import Settings
async def main():
    async with engines.opened({role!r}, Settings(zeroconf=False, {role}=BUILT_IN[{role!r}])):
        pass
asyncio.run(main())"""
    modules = imported_by(code)
    assert modules & HEAVY == set()
    assert "rich" not in modules


def test_loading_the_built_in_voice_detector_is_light() -> None:
    code = "from satellite.components import spec\nspec.create('vad', 'silero').load()"
    assert imported_by(code) & HEAVY == set()
