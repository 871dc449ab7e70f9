"""Networks that hear the end of a turn: fetched and imported with one hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest

from satellite.errors import DownloadFailed, UsageError
from servers.models import turn_models
from servers.models.names import TURN, parse
from servers.models.recommended import component_of
from servers.models.store import Store
from tests.support.hub import Hub

NAME = "smart-turn-v3.2"
CONTENT = b"\x3a\x64" + b"a network." * 10
"""A field of an ONNX model that holds a network."""


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> turn_models.TurnModel:
    """Expect a small network in place of the published one."""
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    small = msgspec.structs.replace(turn_models.KNOWN[NAME], bytes=len(CONTENT), sha256=sha256)
    monkeypatch.setitem(turn_models.KNOWN, NAME, small)
    return small


def test_its_name_and_license() -> None:
    name = parse(f"turn:{NAME}")
    assert (str(name), name.license) == (f"turn:{NAME}", "BSD-2-Clause")
    assert component_of(name) is None
    with pytest.raises(UsageError, match=NAME):
        parse("turn:smart-turn-v3.1")


def test_it_is_fetched(hub: Hub, store: Store, known: turn_models.TurnModel) -> None:
    hub.repositories[known.repository] = {known.file: CONTENT}
    folder = store.pull(f"{TURN}:{NAME}")
    assert (folder / known.file).read_bytes() == CONTENT
    assert store.verify(TURN, NAME) == []


def test_an_imported_file_must_be_the_published_one(
    store: Store, known: turn_models.TurnModel, tmp_path: Path
) -> None:
    file = tmp_path / "mine.onnx"
    file.write_bytes(CONTENT.replace(b"a", b"b"))
    with pytest.raises(DownloadFailed, match="another file than smart-turn"):
        store.take(TURN, NAME, file)
    assert store.path(TURN, NAME) is None
    file.write_bytes(CONTENT)
    folder = store.take(TURN, NAME, file)
    assert (folder / known.file).read_bytes() == CONTENT
    assert store.path(TURN, NAME) == folder
    assert store.verify(TURN, NAME) == []
