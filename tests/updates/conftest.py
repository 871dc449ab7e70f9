"""An index for the pip of an environment, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.updates.installation import Installation
from tests.updates.index import add_wheel, lay_out, make_environment


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an index, by pip's own configuration."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    return folder


@pytest.fixture
def installed(index: Path, tmp_path: Path) -> Installation:
    """An environment with version 1.0 and its extra `sound`."""
    add_wheel(index, "1.0", name="tiny_sound")
    add_wheel(index, "1.0", metadata=needs("1.0"))
    installation = make_environment(tmp_path / "environment")
    for wheel in index.glob("*.whl"):
        lay_out(wheel, installation)
    return installation


def needs(version: str) -> str:
    """Return metadata with two extras, of which `sound` needs a version of its package."""
    return (
        "Project-URL: Changelog, https://example.org/changes\n"
        "Provides-Extra: sound\nProvides-Extra: light\nProvides-Extra: all\n"
        f"Requires-Dist: tiny-sound=={version}; extra == 'sound'\n"
        "Requires-Dist: tiny-light; extra == 'light'\n"
        "Requires-Dist: satellite-voice[sound,light]; extra == 'all'\n"
    )
