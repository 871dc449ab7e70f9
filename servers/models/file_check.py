"""Checks whether the contents of a file are what its name says."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from satellite.errors import ModelMissing
from satellite.lib.decoding import Undecodable, from_json

_VARINT, _BYTES = 0, 2
"""Wire types of Protocol Buffers."""
_FIXED = {1: 8, 5: 4}
"""Bytes of the wire types of one length."""

_GRAPH, _METADATA = 7, 14
"""The fields of ONNX's `ModelProto` that hold the network and `metadata_props` (onnx.proto)."""
_LONGEST_METADATA = 1 << 20
"""Bytes of one entry: a list of mean values has thousands."""

_NEWEST_GGUF = 16
"""As for `_NEWEST_BINARY`."""
_MANY = 1 << 20
"""More tensors or metadata than any model has."""

_NEWEST_BINARY = 64
"""CTranslate2's files are of version 6; far higher numbers mean another kind of file."""


def problem_of(path: Path, suffix: str = "") -> str | None:
    """Return what is wrong with a downloaded file; None if it looks right. Raises `OSError`.

    `suffix`: that of its kind, where its name may have another one.
    """
    suffix = suffix or path.suffix
    with path.open("rb") as file:
        start = file.read(512).lstrip().lower()
        if start.startswith((b"<!doctype html", b"<html")):
            return "is an HTML page; is there a proxy, or a page to log in to?"
        file.seek(0)
        if suffix == ".json":
            return _json_problem(file.read())
        if suffix == ".onnx":
            return None if is_onnx(file) else "is not a complete ONNX model"
        if suffix == ".gguf":
            return None if is_gguf(file) else "is not a GGUF model"
        if path.name == "model.bin":
            return None if is_whisper(file) else "is not a Whisper model of CTranslate2"
    return None


def is_onnx(file: BinaryIO) -> bool:
    """Return whether a file is one whole Protocol Buffers message that holds an ONNX graph."""
    fields = set()
    for field, _ in _fields(file):
        if field == 0:
            return False
        fields.add(field)
    return _GRAPH in fields


def onnx_metadata(file: BinaryIO) -> dict[str, str]:
    """Return the metadata of an ONNX model, read without its network; empty for another file."""
    found: dict[str, str] = {}
    for field, length in _fields(file):
        if field == _METADATA and length <= _LONGEST_METADATA:
            entry = BytesIO(file.read(length))
            pair = {key: entry.read(size) for key, size in _fields(entry)}
            found[_text(pair.get(1, b""))] = _text(pair.get(2, b""))
    return found


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _fields(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Yield each field's number and the length of its content, at which the file then stands.

    The last is (0, 0) if the message is invalid or cut off.
    """
    size = file.seek(0, os.SEEK_END)
    position = file.seek(0)
    while position < size:
        tag = _varint(file)
        length: int | None = None
        if tag is not None and tag >> 3:
            kind = tag & 7
            if kind == _VARINT:
                length = 0 if _varint(file) is not None else None
            else:
                length = _varint(file) if kind == _BYTES else _FIXED.get(kind)
        position = file.tell()
        if tag is None or length is None or position + length > size:
            yield 0, 0
            return
        yield tag >> 3, length
        position = file.seek(position + length)


def is_whisper(file: BinaryIO) -> bool:
    """Return whether a file begins as CTranslate2 writes Whisper models.

    That is the version, then the specification's name with its length and a zero byte.
    """
    head = file.read(6)
    if len(head) < 6:
        return False
    version, length = struct.unpack("<IH", head)
    return 0 < version <= _NEWEST_BINARY and file.read(length).rstrip(b"\0") == b"WhisperSpec"


def is_gguf(file: BinaryIO) -> bool:
    """Return whether a file begins as a GGUF model does.

    That is a mark, the version (1 to 3 today), and the numbers of tensors and of metadata
    (ggml/docs/gguf.md).
    """
    head = file.read(24)
    if len(head) < 24 or head[:4] != b"GGUF":
        return False
    version, *counts = struct.unpack("<IQQ", head[4:])
    return 0 < version <= _NEWEST_GGUF and all(0 < count < _MANY for count in counts)


def gguf_file(model: Path) -> Path:
    """Return the GGUF file of a model, which is a folder or that file. Raises `ModelMissing`."""
    files = sorted(model.glob("*.gguf")) if model.is_dir() else [model]
    for path in files[:1]:
        with path.open("rb") as content:
            if is_gguf(content):
                return path
    raise ModelMissing(f"{model} is no GGUF model")


def _json_problem(text: bytes) -> str | None:
    try:
        value = from_json(text)
    except Undecodable:
        return "is not JSON"
    return None if isinstance(value, dict | list) else "is neither a JSON object nor a list"


def _varint(file: BinaryIO) -> int | None:
    """Read a number of seven bits a byte, lowest first; None at the end of the file."""
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            return None
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    return None
