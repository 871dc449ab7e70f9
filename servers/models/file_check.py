"""Checks whether the contents of a file are what its name says."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

from satellite.lib.decoding import Undecodable, from_json

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""Wire types of Protocol Buffers."""

_GRAPH = 7
"""The field of ONNX's `ModelProto` that holds the network (onnx.proto)."""

_NEWEST_GGUF = 16
"""As for `_NEWEST_BINARY`."""
_MANY = 1 << 20
"""More tensors or metadata than any model has."""

_NEWEST_BINARY = 64
"""CTranslate2's files are of version 6; far higher numbers mean another kind of file."""


def problem_of(path: Path) -> str | None:
    """Return what is wrong with a downloaded file; None if it looks right. Raises `OSError`."""
    with path.open("rb") as file:
        start = file.read(512).lstrip().lower()
        if start.startswith((b"<!doctype html", b"<html")):
            return "is an HTML page; is there a proxy, or a page to log in to?"
        file.seek(0)
        if path.suffix == ".json":
            return _json_problem(file.read())
        if path.suffix == ".onnx":
            return None if is_onnx(file) else "is not a complete ONNX model"
        if path.suffix == ".gguf":
            return None if is_gguf(file) else "is not a GGUF model"
        if path.name == "model.bin":
            return None if is_whisper(file) else "is not a Whisper model of CTranslate2"
    return None


def is_onnx(file: BinaryIO) -> bool:
    """Return whether a file is one whole Protocol Buffers message that holds an ONNX graph."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    fields = set()
    while file.tell() < size:
        tag = _varint(file)
        if tag is None:
            return False
        field, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            skip: int | None = 0 if _varint(file) is not None else None
        else:
            skip = {_FIXED64: 8, _FIXED32: 4}.get(kind)
            if kind == _BYTES:
                skip = _varint(file)
        if skip is None or field == 0 or file.tell() + skip > size:
            return False
        file.seek(skip, os.SEEK_CUR)
        fields.add(field)
    return _GRAPH in fields


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
