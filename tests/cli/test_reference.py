"""The generated parts of the documents say what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from satellite import events
from satellite.cli import reference
from satellite.cli.reference import SECTIONS
from satellite.components import registry
from satellite.config.keys import keys
from satellite.errors import UsageError
from satellite.requirements import is_own


def test_a_stale_block_is_found_and_renewed_and_the_rest_stays(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text("a\n<!-- generated: events -->\nold\n<!-- end -->\nb\n")
    assert CliRunner().invoke(reference.main, [str(file), "--check"]).exit_code == 1
    assert "\nold\n" in file.read_text()
    assert CliRunner().invoke(reference.main, [str(file)]).exit_code == 0
    assert CliRunner().invoke(reference.main, [str(file), "--check"]).exit_code == 0
    text = file.read_text()
    assert text.startswith("a\n<!-- generated: events -->\n|")
    assert text.endswith("|\n<!-- end -->\nb\n")


def test_documents_with_blocks_are_found(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / ".hidden").mkdir()
    block = "<!-- generated: events -->\n<!-- end -->\n"
    for name, text in {"docs/A.md": block, ".hidden/B.md": block, "C.md": "no block"}.items():
        (tmp_path / name).write_text(text)
    assert reference.documents(tmp_path) == [tmp_path / "docs/A.md"]


def test_an_unknown_block_is_named() -> None:
    with pytest.raises(UsageError, match="no generated section other"):
        reference.rewrite("<!-- generated: other -->\n<!-- end -->")


def test_nothing_is_missing() -> None:
    settings, happenings = reference.setting_section(), reference.event_section()
    assert all(f"| `{path}` |" in settings for path in keys())
    kinds = events.Event.__subclasses__()
    tags = [str(k.__struct_config__.tag) for k in kinds if k.__module__ == events.__name__]
    assert len(tags) > 10
    assert all(f"| `{tag}` |" in happenings for tag in tags)
    assert (
        "| `failover` | `role` text, `from` text, `to` text, `error` text, if any |" in happenings
    )
    listed = "".join(SECTIONS[name]() for name in ("satellite-plugins", "server-plugins"))
    ours = [p for p in registry.installed() if is_own(p.distribution)]
    assert all(f"| **`{plugin.name}" in listed for plugin in ours)
