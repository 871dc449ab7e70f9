"""`satellite plugins new`: the skeleton of a plugin package, with its test."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import click

from satellite.cli import command, flags
from satellite.cli.screen import echo
from satellite.errors import UsageError
from satellite.ports import ROLES
from satellite.text.shell import quoted_word

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

_PROJECT = """\
[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"

[project]
name = "satellite-{name}"
version = "0.1.0"
description = "A plugin of Satellite"
requires-python = ">=3.11"
dependencies = ["satellite-voice"]

[project.optional-dependencies]
test = ["pytest>=8", "pytest-asyncio>=1.0"]

[project.entry-points."satellite.{role}"]
{name} = "{module}:{kind}"

[tool.setuptools]
py-modules = ["{module}"]

[tool.pytest.ini_options]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
"""

_TEST = """\
\"\"\"{kind} keeps the promises of its role.\"\"\"

from __future__ import annotations

import pytest
from {module} import {kind}

from satellite.conformance import {imports}


@pytest.mark.parametrize("check", CHECKS["{role}"], ids=lambda check: check.name)
async def test_{module}_conforms(check: Check) -> None:
    sample = {sample}
    await check.run(fresh(lambda: {kind}({kind}.Options())), sample)
"""

_SAMPLES = {
    "asr": "{kind}.conformance_sample()",
    "hook": "HookSample()",
    "llm": 'LlmSample(text="hello", other="good morning")',
    "mic": "MicSample()",
    "speaker": "SpeakerSample()",
    "tts": 'TtsSample(text="one two", longer="one two three four five six")',
    "vad": "{kind}.conformance_sample()",
    "wake": "{kind}.conformance_sample()",
}
"""What the generated test gives to the checks, by role."""


@command.command("new")
@flags.common
@command.option(
    "--role", type=click.Choice(ROLES), required=True, help="What the plugin is: an engine's role"
)
@command.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the package is made  [default: satellite-NAME]",
)
@click.argument("name")
@click.pass_context
def new(context: click.Context, role: str, folder: Path | None, name: str) -> None:
    """Create the package of a plugin, with its test.

    NAME is in lower case, as in `echo` or `my-voice`. The plugin works at once and keeps every
    promise of its role; change it step by step.
    """
    flags.invocation(context).start_logging()
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name} is no name for a plugin: lower case and hyphens, as in my-voice")
    folder = folder or Path(f"satellite-{name}")
    write(folder, name, role)
    module = name.replace("-", "_")
    echo(f"{folder / f'{module}.py'}: the plugin\n{folder / f'test_{module}.py'}: its test\n")
    echo("Next, in the environment of the satellite:")
    echo(f"  pip install -e {quoted_word(f'{folder}[test]')}")
    echo(f"  satellite plugins check {name} --role {role}")
    echo(f"  pytest {folder}")


def write(folder: Path, name: str, role: str) -> None:
    """Write a package into a new folder. Raises `UsageError` if it exists or cannot be written."""
    module = name.replace("-", "_")
    kind = "".join(part.capitalize() for part in name.split("-"))
    skeletons = resources.files("satellite.conformance.skeletons")
    source = skeletons.joinpath(f"{role}_plugin.py").read_text()
    plugin = source.replace('"skeleton"', f'"{name}"').replace("Skeleton", kind)
    sample = _SAMPLES[role].format(kind=kind)
    names = {"CHECKS", "Check", "fresh", *re.findall(r"\b\w+Sample\b", sample)}
    test = _TEST.format(
        kind=kind, module=module, role=role, sample=sample, imports=", ".join(sorted(names))
    )
    project = _PROJECT.format(name=name, role=role, module=module, kind=kind)
    files = {f"{module}.py": plugin, f"test_{module}.py": test, "pyproject.toml": project}
    try:
        folder.mkdir(parents=True)
        for file, content in files.items():
            (folder / file).write_text(content)
    except FileExistsError:
        raise UsageError(f"{folder} exists: choose another name, or --folder") from None
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from error
