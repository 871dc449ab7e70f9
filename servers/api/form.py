"""A form with a file (multipart/form-data, RFC 7578), within limits that hold while it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from satellite.errors import UsageError
from satellite.http.body import LARGEST, PATIENCE

FIELDS = 32
"""Most fields; OpenAI's forms have ten."""

SMALL = 64 * 1024
"""Bytes of a field that is no file."""


_REASON = 200
"""Characters of a reason, which may quote what was sent."""


class UploadedForm(msgspec.Struct, frozen=True):
    """The fields of a form, and its file."""

    fields: dict[str, str]
    file: bytes
    """Empty without one."""


async def read_form(request: web.Request, add: Callable[[int], None]) -> UploadedForm:
    """Return a form, whose file is called `file`. `add` counts its bytes as they come.

    Raises `UsageError`, and what `satellite.http.body.read_body` raises.
    """
    if request.content_type != "multipart/form-data":
        raise web.HTTPUnsupportedMediaType(reason="Content-Type: multipart/form-data")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType(reason="Content-Encoding: none, for a form")
    form = _Collected()
    try:
        async with asyncio.timeout(PATIENCE):
            parts = MultipartReader(request.headers, request.content)
            for _ in range(FIELDS):
                part = await parts.next()
                if part is None:
                    return UploadedForm(form.fields, form.file)
                if isinstance(part, MultipartReader):
                    raise UsageError("the form has a form in it")
                await form.take(part, add)
    except (ValueError, AssertionError, HttpProcessingError) as error:
        reason = " ".join(str(error).split())[:_REASON]
        raise UsageError(f"the form cannot be read: {reason}") from error
    raise UsageError(f"the form has more than {FIELDS} fields")


class _Collected:
    """The fields that have come."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.file = b""

    async def take(self, part: BodyPartReader, add: Callable[[int], None]) -> None:
        content, most = bytearray(), LARGEST if part.name == "file" else SMALL
        while block := await part.read_chunk():
            add(len(block))
            content += block
            if len(content) > most:
                raise web.HTTPRequestEntityTooLarge(most, len(content))
        if part.name == "file":
            self.file = bytes(content)
        elif part.name:
            self.fields[part.name] = content.decode("utf-8", "replace")
