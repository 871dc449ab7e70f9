"""The text of a configuration file is preserved, and new settings are explained."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.config import load as config
from satellite.config.document import Document
from satellite.config.files import content, replace
from satellite.config.keys import keys
from satellite.errors import ConfigError, SatelliteError

THEIRS = """\
# top
name = "kitchen"   # ours
# mic = "x"

[listen]
silence = 0.9 # long

[mine]
frob = [1,
  2] # c
"""


def test_a_new_file_explains_each_key(tmp_path: Path) -> None:
    document = Document()
    for path, value in [
        ("version", 1),
        ("name", "den"),
        ("mic", "auto"),
        ("home.url", "http://h:8123"),
        ("servers.pin", ("tcp://10.0.0.5:10300",)),
        ("listen.silence", 0.9),
    ]:
        assert document.set(path, value)
    assert "\n# Name of this satellite; the host's name by default\nname = " in document.text
    assert "# Silence that ends an utterance, in s\nsilence = 0.9\n" in document.text
    file = tmp_path / "satellite.toml"
    file.write_text(document.text)
    settings = config.load(file=file, environment={}).settings
    assert (settings.name, settings.home.url) == ("den", "http://h:8123")
    assert settings.servers.pin == ("tcp://10.0.0.5:10300",)
    keyed = [n for n, line in enumerate(document.text.splitlines()) if " = " in line]
    lines = document.text.splitlines()
    assert all(lines[number - 1].startswith("# ") for number in keyed)


def test_existing_text_is_preserved() -> None:
    document = Document(THEIRS)
    assert document.set("name", "den")
    assert document.set("mic", "auto")
    assert document.set("listen.maximum", 9.0)
    lines = document.text.splitlines()
    assert lines[:5] == [
        "# top",
        'name = "den"   # ours',
        '# mic = "x"',
        "# Microphone component",
        'mic = "auto"',
    ]
    assert document.text.endswith("[mine]\nfrob = [1,\n  2] # c\n")
    assert tomllib.loads(document.text)["listen"] == {"silence": 0.9, "maximum": 9.0}


def test_setting_the_same_value_changes_nothing() -> None:
    document = Document(THEIRS)
    assert not document.set("name", "kitchen")
    assert not document.set("mine.frob", (1, 2))
    assert document.text == THEIRS


VALUES = st.text() | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.lists(st.text())
SIMPLE = [path for path in keys() if path.count(".") <= 1]


@given(st.dictionaries(st.sampled_from(SIMPLE), VALUES, max_size=8), st.booleans())
def test_any_value_is_read_as_it_was_set(values: dict[str, Any], new: bool) -> None:
    document = Document("" if new else THEIRS)
    for path, value in values.items():
        document.set(path, value)
    read = tomllib.loads(document.text)
    for path, value in values.items():
        table, _, name = path.rpartition(".")
        assert (read[table] if table else read)[name] == value
    if not new:
        assert read["mine"] == {"frob": [1, 2]}


def test_invalid_toml_is_reported() -> None:
    with pytest.raises(ConfigError, match="file x: is not TOML"):
        Document("a = ", "file x")


def test_a_copy_of_the_previous_file_is_saved(tmp_path: Path) -> None:
    file = tmp_path / "new" / "satellite.toml"
    assert content(file) == ""
    assert replace(file, "a = 1\n") is None
    assert file.stat().st_mode & 0o777 == 0o640
    file.chmod(0o600)
    copy = replace(file, "a = 2\n")
    assert copy == file.with_name("satellite.toml.old")
    assert (copy.read_text(), file.read_text()) == ("a = 1\n", "a = 2\n")
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(list(file.parent.iterdir())) == 2


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SatelliteError, match=r"cannot be written.*--output"):
        replace(tmp_path / "file" / "satellite.toml", "a = 1\n")
