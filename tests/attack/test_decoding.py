"""JSON of others, decoded at one place: whatever it holds, there is one kind of error."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.config.layers import from_file
from satellite.errors import DownloadFailed, EngineFailed
from satellite.lib.decoding import Undecodable, from_json
from servers.intents import sentence_files
from servers.llm.chat.client import call_arguments
from servers.models.sources import voices

REPOSITORY = Path(__file__).parents[2]
DEEP = b"[" * 200_000
STRANGE = [DEEP, b'{"a":' * 100_000, b"", b"\xff", b"[1", b"NaN", b'"\\ud800', b"1" * 5000, b"{}x"]

ELSEWHERE = {
    "satellite/lib/decoding.py": "the helper itself",
    "satellite/requirements.py": "JSON of pip, in a module below the helper",
    "servers/tts/system/pyttsx3_child.py": "JSON of its parent, in a file that imports none",
    "servers/llm/chat/loose_arguments.py": "JSON that models write, with more than one fallback",
}


@pytest.mark.parametrize("text", STRANGE, ids=lambda text: repr(text[:12]))
@pytest.mark.parametrize("kind", [Any, dict[str, Any], tuple[int, ...], str])
def test_strange_json_is_undecodable_or_a_value(text: bytes, kind: Any) -> None:
    with suppress(Undecodable):
        from_json(text, kind)


@given(st.binary(max_size=40))
def test_any_bytes_are_undecodable_or_a_value(text: bytes) -> None:
    with suppress(Undecodable):
        from_json(text, dict[str, Any])


def test_json_of_others_is_decoded_by_the_helper() -> None:
    direct = re.compile(r"\bjson\.(?:loads|load|decode)\(|\.json\(\)|receive_json\(\)")
    found = {
        path.relative_to(REPOSITORY).as_posix()
        for root in ("satellite", "servers")
        for path in (REPOSITORY / root).rglob("*.py")
        if direct.search(path.read_text(encoding="utf-8"))
    }
    assert found == set(ELSEWHERE)


def test_deep_settings_are_a_problem_of_their_file(tmp_path: Path) -> None:
    file = tmp_path / "satellite.toml"
    file.write_bytes(b"a = " + DEEP)
    layer = from_file(file, required=True)
    assert layer is not None
    assert len(layer.problems) == 1


@pytest.mark.parametrize("text", ["[" * 20_000, "a: 2026-13-45", "a: !!python/object:os.system 1"])
def test_strange_sentences_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text(text)
    with pytest.raises(EngineFailed):
        list(sentence_files.read_all("en", tmp_path))


class StrangeHub:
    """A hub that answers anything."""

    endpoint = "http://hub"

    def __init__(self, text: bytes) -> None:
        self._text = text

    def address(self, *parts: str) -> str:
        return "/".join(parts)

    def listing(self, url: str, model: str) -> tuple[bytes, str]:
        return self._text, "main"


@pytest.mark.parametrize("text", [*STRANGE, b"[1]", b"null", b"42"], ids=lambda t: repr(t[:12]))
def test_a_strange_list_of_voices_is_a_failed_download(text: bytes) -> None:
    hub: Any = StrangeHub(text)
    with pytest.raises(DownloadFailed):
        voices(hub, "piper:x")


@pytest.mark.parametrize("text", ["[" * 100_000, "null", "42", "[1]", "\ud800"])
def test_strange_arguments_of_a_tool_are_arguments(text: str) -> None:
    assert isinstance(call_arguments(text), dict)
