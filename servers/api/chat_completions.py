"""`POST /v1/chat/completions`: the language model, whole or as it answers."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec
from aiohttp import web

from satellite.errors import SatelliteError, UsageError
from satellite.http.api.connection import ClientGone, send, while_connected
from satellite.http.api.engines import EngineAccess
from satellite.http.api.roles import require
from satellite.http.api.route import EVENTS, JSON, ApiRoute, decoded, json_answer
from satellite.http.body import read_body
from satellite.net.memory_budget import MemoryBudget, reserved
from satellite.text.printable import printable_json
from satellite.values import TOOL_USED, Action, Declined, ReplyRequest, Resumed
from servers.api.chat_types import (
    AnswerMessage,
    ChatAnswer,
    ChatChunk,
    ChatRequest,
    Choice,
    ChunkChoice,
    Delta,
    check,
    split,
)
from servers.api.model_names import chosen_model
from servers.api.openai_errors import ApiErrorAnswer, answering, problem_of, refusal
from servers.api.stop_texts import StopTexts

_LOGGER = logging.getLogger(__name__)

MOST = 1024 * 1024
"""Bytes of a conversation: many books of a small model's context."""

_HARMLESS = ("listen", TOOL_USED)
"""Actions with nothing left to do: see `satellite.turns.actions`."""

DONE = b"data: [DONE]\n\n"


class NeedsSatellite(UsageError):
    """The answer asks for something that only a satellite can do."""

    code = "needs_satellite"


def chat_route(engines: EngineAccess, memory: MemoryBudget) -> ApiRoute:
    """Return the route."""

    async def chat(request: web.Request) -> web.StreamResponse:
        require(engines, "llm")
        with reserved(memory.of(request.remote or "")) as add:
            body = await read_body(request, add)
            if len(body) > MOST:
                raise web.HTTPRequestEntityTooLarge(
                    MOST, len(body), reason=f"a conversation has at most {MOST} bytes"
                )
            asked = decoded(body, ChatRequest)
            check(asked)
            texts = _texts(engines, asked, request.remote or "")
            name = asked.model or engines.label("llm")
            answer_id, now = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())
            if asked.stream:
                return await _stream(request, texts, answer_id, now, name)
            async with while_connected(request), aclosing(texts):
                text = "".join([piece async for piece in texts])
            choices = (Choice(AnswerMessage(text)),)
            return json_answer(ChatAnswer(answer_id, now, name, choices))

    return ApiRoute(
        method="POST",
        path="/v1/chat/completions",
        summary="Go on with a conversation",
        handler=answering(chat),
        takes={JSON: ChatRequest},
        gives={JSON: ChatAnswer, EVENTS: ChatChunk},
        fails=ApiErrorAnswer,
        refused=refusal,
    )


def _texts(engines: EngineAccess, asked: ChatRequest, caller: str) -> AsyncGenerator[str, None]:
    """Return the answer's text in pieces. Raises `Unsupported`, `ModelUnknown`."""
    system, history, text = split(asked)
    situation = engines.situation()
    if system:
        situation = msgspec.structs.replace(situation, persona=system)
    request = ReplyRequest(
        text=text,
        history=history,
        situation=situation,
        model=chosen_model(engines, "llm", asked.model),
    )
    stops = (asked.stop,) if isinstance(asked.stop, str) else asked.stop or ()
    return _until(_pieces(engines, request, caller), StopTexts(stops))


async def _until(pieces: AsyncGenerator[str, None], stops: StopTexts) -> AsyncGenerator[str, None]:
    async with aclosing(pieces):
        async for piece in pieces:
            if certain := stops.push(piece):
                yield certain
            if stops.reached:
                return
    if rest := stops.flush():
        yield rest


async def _pieces(
    engines: EngineAccess, request: ReplyRequest, caller: str
) -> AsyncGenerator[str, None]:
    async with aclosing(engines.reply(request, caller)) as parts:
        async for part in parts:
            match part:
                case str():
                    yield part
                case Declined() | Resumed():
                    yield part.text
                case Action(name=name) if name not in _HARMLESS:
                    raise NeedsSatellite(
                        f"the answer asks a satellite for {name}, and none is here: ask at a "
                        "satellite (its /api/ask), or for something else"
                    )


async def _stream(
    request: web.Request, texts: AsyncGenerator[str, None], answer_id: str, now: int, name: str
) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={"Content-Type": EVENTS, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )

    def chunk(delta: Delta, finish: str | None = None) -> bytes:
        return _event(ChatChunk(answer_id, now, name, (ChunkChoice(delta, finish),)))

    async def begin() -> None:
        if not response.prepared:
            await response.prepare(request)
            await send(request, response, chunk(Delta(role="assistant", content="")))

    try:
        async with while_connected(request), aclosing(texts):
            async for text in texts:
                await begin()
                await send(request, response, chunk(Delta(content=text)))
            await begin()
            await send(request, response, chunk(Delta(), "stop") + DONE)
    except ClientGone as error:
        _LOGGER.debug("chat: %s", error)
    except SatelliteError as error:
        if not response.prepared:
            raise
        _LOGGER.warning("chat: %s", error)
        try:
            await send(request, response, _event(ApiErrorAnswer(problem_of(error))) + DONE)
        except ClientGone as gone:
            _LOGGER.debug("chat: %s", gone)
    return response


def _event(value: msgspec.Struct) -> bytes:
    return b"data: %s\n\n" % printable_json(msgspec.json.encode(value))
