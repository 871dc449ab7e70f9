"""Capitals and punctuation, and texts of which a part was sent already."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.errors import EngineFailed
from servers.asr.sherpa.writing import Writing, continued, punctuator, whole_words
from servers.models import sherpa_files
from tests.support.sherpa_models import write_punctuation


@pytest.mark.parametrize(
    ("text", "held_back", "expected"),
    [
        ("turn on the ligh", 1, "turn on the"),
        ("turn", 1, ""),
        ("", 1, ""),
        ("打开灯", 1, "打开灯"),
        ("打开 ligh", 1, "打开"),
        ("打开客厅灯", 3, "打开"),
        ("turn on the green lamp", 3, "turn on"),
        ("one", 3, ""),
    ],
)
def test_the_last_words_are_held_back(text: str, held_back: int, expected: str) -> None:
    assert whole_words(text, held_back) == expected


def test_what_was_sent_is_continued() -> None:
    assert continued("Turn on", "Turn on the light.") == "Turn on the light."
    assert continued("Well I think", "Well, I think so.") == "Well I think so."
    assert continued("今天 天气", "今天，天气好。") == "今天 天气好。"
    assert continued("", "Yes.") == "Yes."
    assert continued("a b c", "a") == "a b c"


def test_capitals_are_those_of_a_sentence() -> None:
    writing = Writing("sentence", True)
    assert writing.text("TURN ON", first=True) == "Turn on"
    assert writing.text("THE LIGHT", first=False) == "the light"
    assert Writing("sentence", False).text("Turn ON", first=True) == "Turn ON"
    marked = Writing("sentence", True, lambda text: f"{text}, please.")
    assert marked.text("TURN ON", first=True) == "Turn on, please."
    assert marked.text("What?", first=True) == "What?"


def test_a_model_adds_punctuation(tmp_path: Path) -> None:
    pytest.importorskip("sherpa_onnx", reason="satellite-voice[sherpa] is not installed")
    write_punctuation(tmp_path, ("你", "好", "吗"))
    found = sherpa_files.punctuation(tmp_path)
    assert found is not None
    assert found.kind == sherpa_files.PUNCTUATION
    assert punctuator(found, 1)("你好吗") == "你，好吗。"
    model = tmp_path / "model.onnx"
    model.write_bytes(model.read_bytes().replace(b"unk_symbol", b"unk_simbol"))
    with pytest.raises(EngineFailed, match="cannot load"):  # which would end the process
        punctuator(found, 1)
