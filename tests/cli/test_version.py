"""`satellite --version` names what works here, for scripts and for reports."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

from satellite.requirements import own_version
from tests.cli.program import satellite


def test_the_first_line_is_the_version_alone_and_engines_follow(tmp_path: Path) -> None:
    done = satellite("-V", variables={"SATELLITE_MODELS_FOLDER": str(tmp_path)})
    lines = done.output.splitlines()
    assert (done.code, lines[0]) == (0, own_version())
    assert lines[1].startswith("Python 3.")
    assert f"pocketsphinx {metadata.version('pocketsphinx')}" in done.output


def test_json_says_the_same(tmp_path: Path) -> None:
    variables = {"SATELLITE_MODELS_FOLDER": str(tmp_path)}
    for arguments in (("--version", "--json"), ("--json", "--version")):
        facts = json.loads(satellite(*arguments, variables=variables).output)
        engines = {
            (engine["role"], engine["name"]): engine["packages"] for engine in facts["engines"]
        }
        assert engines["asr", "pocketsphinx"]["pocketsphinx"] == metadata.version("pocketsphinx")
        assert facts["models"] == []


def test_a_wrong_configuration_does_not_hide_the_version() -> None:
    done = satellite("--version", variables={"SATELLITE_VOLUME": "loud"})
    assert done.code == 0
    assert done.output.startswith(own_version())
    assert "models are not listed" in done.errors
