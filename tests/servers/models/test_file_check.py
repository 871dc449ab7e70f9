"""Files are recognised by their contents."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.models import file_check
from tests.support import model_files

VOICE = model_files.voice("x", size=300)["x.onnx"]


def problem(folder: Path, name: str, body: bytes) -> str | None:
    (folder / name).write_bytes(body)
    return file_check.problem_of(folder / name)


@given(st.integers(0, len(VOICE) - 1))
def test_a_truncated_onnx_file_is_refused(end: int) -> None:
    assert not file_check.is_onnx(BytesIO(VOICE[:end]))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing(body: bytes) -> None:
    assert file_check.is_onnx(BytesIO(body)) in (True, False)
    assert file_check.is_whisper(BytesIO(body)) in (True, False)
    assert file_check.is_gguf(BytesIO(body)) in (True, False)


def test_real_onnx_files_are_recognised() -> None:
    onnx = pytest.importorskip("onnx", reason="the package onnx, with its examples, is not there")
    examples = sorted(Path(onnx.__file__).parent.glob("backend/test/data/**/*.onnx"))
    assert len(examples) > 10
    assert [path for path in examples if file_check.problem_of(path)] == []


@pytest.mark.parametrize("body", [b"{}", b"[1]", b' {"a": 1}\n'])
def test_json_that_is_no_table_is_refused(tmp_path: Path, body: bytes) -> None:
    assert problem(tmp_path, "config.json", body) is None


def test_a_whisper_model_of_ctranslate2_is_recognised(tmp_path: Path) -> None:
    specs = pytest.importorskip("ctranslate2.specs", reason="ctranslate2 is not installed")
    spec = specs.WhisperSpec(1, 1, 1, 1)
    assert spec.name == "WhisperSpec"
    assert problem(tmp_path, "model.bin", model_files.whisper()["model.bin"]) is None
    assert problem(tmp_path, "model.bin", b"\6\0\0\0\x10\0TransformerSpec\0")
