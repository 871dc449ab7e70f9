"""OpenAI's API at one server: its address, its key, its models, its failures.

https://platform.openai.com/docs/api-reference
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from satellite.errors import (
    AnswerBroken,
    EngineBusy,
    EngineClosed,
    EngineDown,
    EngineFailed,
    EngineTimeout,
    ModelMissing,
)
from satellite.text.reason_of import reason_of
from servers import http_api
from servers.http_api import Answer, Body, HttpApi, decoded, problem_text

DEFAULT = "http://127.0.0.1:8080/v1"
"""The address of llama.cpp's server and of LocalAI on this machine."""

A = TypeVar("A", bound=Answer)


class Unended(http_api.Interrupted):
    """The events ended without `[DONE]`; the last of them may have been the end nevertheless."""


_DONE = b"[DONE]"
_HERE = ("localhost", "127.0.0.1", "::1")


class _Model(msgspec.Struct, frozen=True):
    id: str = ""


class _Models(Answer, frozen=True):
    data: tuple[_Model, ...] | None = None


def address(url: str) -> str:
    """Return the address of a server, without a slash at its end. Raises `EngineFailed`."""
    url = (url or os.environ.get("OPENAI_BASE_URL") or DEFAULT).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise EngineFailed(f"url = {url}: is no address, such as {DEFAULT}")
    return url


def key_for(url: str, file: str) -> str:
    """Return the key for a server: that of a file, or OPENAI_API_KEY; empty for none.

    The variable's key, which is often one of OpenAI's own, goes only to this machine or over an
    encrypted connection. Raises `EngineFailed` for a file that cannot be read.
    """
    if file:
        try:
            return Path(file).expanduser().read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise EngineFailed(f"key_file = {file}: cannot be read: {reason_of(error)}") from error
    parts = urlsplit(url)
    safe = parts.scheme == "https" or parts.hostname in _HERE
    return os.environ.get("OPENAI_API_KEY", "") if safe else ""


class OpenAiApi(HttpApi):
    """One server."""

    def __init__(self, url: str, key_file: str, timeout: float) -> None:
        """`timeout` is the longest silence in seconds. Raises `EngineFailed`."""
        found = address(url)
        super().__init__(found, timeout, key_for(found, key_file))

    async def models(self) -> tuple[str, ...]:
        """Return the names of the server's models. Raises `ApiError`."""
        listed = await self.ask("GET", "/models", None, _Models)
        return tuple(model.id for model in listed.data or () if model.id)

    async def events(self, path: str, body: Body, event: type[A]) -> AsyncGenerator[A, None]:
        """POST a request; yield the server-sent events of its answer. Raises `ApiError`.

        An answer that is one document, from a server that does not stream, is one event. Raises
        `Unended` behind the last event if no `[DONE]` came.
        """
        begun, kind, document = False, b"", bytearray()
        async with aclosing(self.lines(path, body)) as lines:
            async for line in lines:
                line = line.strip()
                if line.startswith(b"event:"):
                    kind = line.removeprefix(b"event:").strip()
                elif line.startswith(b"data:"):
                    begun = True
                    data = line.removeprefix(b"data:").strip()
                    if data == _DONE:
                        return
                    if kind == b"error":
                        raise http_api.Refused(problem_text(data), 200)
                    kind = b""
                    yield decoded(data, event)
                elif not begun:
                    document += line + b"\n"
        if begun:
            raise Unended("the answer has no end")
        yield decoded(bytes(document).strip(), event)


@contextmanager
def engine_errors(name: str, url: str, model: str, timeout: float) -> Iterator[None]:
    """Turn an `ApiError` raised inside into an `EngineError` that names the remedy."""
    try:
        yield
    except http_api.Closed as error:
        raise EngineClosed(f"{name} was closed") from error
    except http_api.Refused as error:
        raise _refusal(name, url, model, error) from error
    except http_api.Unreachable as error:
        raise EngineDown(
            f"{name}: no server answers at {url}: start it, or set the option url"
        ) from error
    except (http_api.Silent, TimeoutError) as error:
        asked = f" with {model}" if model else ""
        raise EngineTimeout(
            f"{name}: the server at {url} was silent for {timeout:g} s{asked}: see its log, or "
            "raise the option timeout"
        ) from error
    except (http_api.Interrupted, OSError) as error:
        raise AnswerBroken(
            f"{name}: the answer of {url} broke off ({reason_of(error)}): see the server's log"
        ) from error


def _refusal(name: str, url: str, model: str, error: http_api.Refused) -> Exception:
    if error.status in (401, 403):
        return EngineFailed(
            f"{name}: {url} refuses the key ({error.text}): set the option "
            "key_file to a file that holds the right one"
        )
    if error.status == 404:
        return ModelMissing(
            f"{name}: {url} has no {f'model {model}' if model else 'model'} or no such path "
            f"({error.text}): set the options url and model"
        )
    if error.status in (429, 503):
        return EngineBusy(f"{name}: {url} is busy ({error.text}): try again later")
    return EngineFailed(f"{name}: {url} with {model or 'its model'}: {error.text}")
