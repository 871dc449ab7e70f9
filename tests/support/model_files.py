"""Small files that resemble models."""

from __future__ import annotations

import json
import random
import struct


def noise(size: int, seed: int = 1) -> bytes:
    """Return bytes that do not repeat."""
    return random.Random(seed).randbytes(size)


def whisper(size: int = 100_000, seed: int = 1) -> dict[str, bytes]:
    """Return the files of a Whisper model for CTranslate2, with noise as weights."""
    name = b"WhisperSpec\0"
    return {
        ".gitattributes": b"*.bin filter=lfs",
        "README.md": b"# A model\n",
        "config.json": b'{"suppress_ids": []}',
        "model.bin": struct.pack("<IH", 6, len(name)) + name + noise(size, seed),
        "tokenizer.json": json.dumps({"version": "1.0"}).encode(),
        "vocabulary.txt": b"a\nb\n",
    }


def voice(name: str, size: int = 50_000, seed: int = 1) -> dict[str, bytes]:
    """Return the files of a Piper voice: Protocol Buffers with a graph (field 7) of noise."""
    graph = b"\x3a" + varint(size) + noise(size, seed)
    return {
        f"{name}.onnx": b"\x08\x08" + graph,
        f"{name}.onnx.json": b'{"audio": {"sample_rate": 22050}}',
        "MODEL_CARD": b"a voice",
    }


def varint(value: int) -> bytes:
    """Encode a number as a Protocol Buffers varint: seven bits per byte, lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
