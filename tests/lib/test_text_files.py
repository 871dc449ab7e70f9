"""Text files as editors write them: with a byte order mark, or in UTF-16."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from satellite.lib.text_files import decode, read_text


@pytest.mark.parametrize(
    "content",
    [
        "Küche\n".encode(),
        codecs.BOM_UTF8 + "Küche\n".encode(),
        codecs.BOM_UTF16_LE + "Küche\n".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "Küche\n".encode("utf-16-be"),
    ],
)
def test_a_byte_order_mark_is_no_text(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    assert read_text(tmp_path / "file") == "Küche\n"


def test_other_encodings_are_refused() -> None:
    with pytest.raises(UnicodeDecodeError):
        decode("Küche".encode("latin-1"))


def test_an_empty_file_is_an_empty_text() -> None:
    assert decode(b"") == ""
    assert decode(codecs.BOM_UTF8) == ""
