"""The JSON of a request: small, but for a sound in base64, which is cut out before.

Decoding is one step for the event loop, or for all threads, so that only a small text is decoded. A
text of 16 MB takes 0.05 to 3 s on a PC, depending on its content.
"""

from __future__ import annotations

import asyncio
import binascii
from typing import Any

from satellite.errors import UsageError
from satellite.lib.decoding import Undecodable, from_json

SMALL = 64 * 1024
"""Bytes of JSON without a sound: the longest text has 2000 characters."""

SLICE = 256 * 1024
"""Characters of base64 decoded at once, in under 3 ms on a PC; whole groups of 4."""

_KEY = b'"wav"'


async def read_facts(body: bytes) -> dict[str, Any]:
    """Return the fields of a request; `wav` is the sound's bytes. Raises `UsageError`."""
    if not body.strip():
        return {}
    rest, sound = _cut_sound(body) if len(body) > SMALL else (body, None)
    if len(rest) > SMALL:
        raise UsageError(f"the request has more than {SMALL} bytes beside its sound")
    try:
        facts = from_json(rest, dict[str, Any])
    except Undecodable as error:
        raise UsageError(f"the request is not a JSON object: {error}") from error
    if sound is None and isinstance(facts.get("wav"), str):
        sound = memoryview(facts["wav"].encode())
    elif sound is not None and facts.get("wav") != "":
        raise UsageError(f"the request has more than {SMALL} bytes beside its sound")
    if sound is not None:
        facts["wav"] = await asyncio.to_thread(_decoded, sound)
    return facts


def _cut_sound(body: bytes) -> tuple[bytes, memoryview | None]:
    """Return a body with an empty `wav`, and the text that it had."""
    colon = body.find(b":", body.find(_KEY) + len(_KEY)) if _KEY in body else -1
    begin = body.find(b'"', colon) + 1 if colon >= 0 else 0
    end = body.find(b'"', begin) if begin else -1
    if end < 0 or body[colon + 1 : begin - 1].strip():
        return body, None
    return body[:begin] + body[end:], memoryview(body)[begin:end]


def _decoded(text: memoryview) -> bytes:
    """Decode base64 in slices, between which other threads run. Raises `UsageError`."""
    whole = bytes(text).replace(b"\\/", b"/")  # JSON may escape a slash, as PHP does
    parts = []
    try:
        for start in range(0, len(whole), SLICE):
            part = whole[start : start + SLICE]
            if b"=" in part and start + SLICE < len(whole):
                raise ValueError("padding before its end")
            parts.append(binascii.a2b_base64(part, strict_mode=True))
    except ValueError as error:
        raise UsageError("wav: a WAV file in base64") from error
    return b"".join(parts)
