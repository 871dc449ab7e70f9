"""`POST /api/ask`: the answer of the language model to a text, whole or as it comes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web

from satellite.http.api.connection import while_connected
from satellite.http.api.engines import EngineAccess
from satellite.http.api.event_answer import FailedEvent, stream_events
from satellite.http.api.roles import require
from satellite.http.api.route import (
    EVENTS,
    JSON,
    ApiRoute,
    LanguageCode,
    ModelName,
    body_of,
    json_answer,
    wants_events,
)
from satellite.net.memory_budget import MemoryBudget
from satellite.values import Action, Declined, Message, ReplyRequest, Resumed

LONGEST = 8000
"""Characters of a question: two pages."""

_LISTEN = "listen"
"""The action that waits for a spoken answer: a program sends its answer itself."""


class EarlierMessage(msgspec.Struct, frozen=True):
    """An earlier message of the conversation."""

    role: Literal["user", "assistant"]
    text: Annotated[str, msgspec.Meta(max_length=LONGEST)]


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question, and what it refers to."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST)]
    language: LanguageCode | None = None
    model: ModelName | None = None
    history: Annotated[tuple[EarlierMessage, ...], msgspec.Meta(max_length=50)] = ()
    """The conversation so far, oldest first."""
    system: Annotated[str, msgspec.Meta(max_length=LONGEST)] | None = None
    """The system prompt of a language model, in place of the settings'."""
    perform: bool = True
    """Whether a satellite executes the actions of the answer, such as starting a timer."""


class RequestedAction(msgspec.Struct, frozen=True):
    """Something that the answer asks the satellite to do."""

    name: str
    data: dict[str, Any]
    performed: bool


class Reply(msgspec.Struct, frozen=True):
    """The answer."""

    text: str
    engine: str
    actions: tuple[RequestedAction, ...] = ()
    declined: bool = False
    """The language model does not understand the question; `text` says so."""


class TextEvent(msgspec.Struct, frozen=True, tag_field="event", tag="text"):
    """A piece of the answer."""

    text: str


class ReplacedEvent(msgspec.Struct, frozen=True, tag_field="event", tag="replaced"):
    """Another engine goes on with the answer: this text takes the place of all before it."""

    text: str


class ActionEvent(msgspec.Struct, frozen=True, tag_field="event", tag="action"):
    """Something that the answer asks the satellite to do."""

    name: str
    data: dict[str, Any]
    performed: bool


class DoneEvent(msgspec.Struct, frozen=True, tag_field="event", tag="done"):
    """The end of the answer, which is repeated as a whole."""

    text: str
    engine: str
    declined: bool = False


AnswerEvent = TextEvent | ReplacedEvent | ActionEvent | DoneEvent


def ask_route(engines: EngineAccess, memory: MemoryBudget) -> ApiRoute:
    """Return the route."""

    async def ask(request: web.Request) -> web.StreamResponse:
        require(engines, "llm")
        question = await body_of(request, memory, Question)
        events = _answer(engines, question, request.remote or "")
        if wants_events(request):
            return await stream_events(request, events)
        actions: list[RequestedAction] = []
        done = DoneEvent(text="", engine="")
        async with while_connected(request), aclosing(events):
            async for event in events:
                if isinstance(event, ActionEvent):
                    actions.append(RequestedAction(event.name, event.data, event.performed))
                elif isinstance(event, DoneEvent):
                    done = event
        return json_answer(Reply(done.text, done.engine, tuple(actions), done.declined))

    return ApiRoute(
        method="POST",
        path="/api/ask",
        summary="Ask the language model; with Accept: text/event-stream, the answer as it comes",
        handler=ask,
        takes={JSON: Question},
        gives={JSON: Reply, EVENTS: AnswerEvent | FailedEvent},
    )


async def _answer(
    engines: EngineAccess, question: Question, caller: str
) -> AsyncGenerator[AnswerEvent, None]:
    situation = engines.situation()
    if question.system is not None:
        situation = msgspec.structs.replace(situation, persona=question.system)
    request = ReplyRequest(
        text=question.text,
        language=question.language or engines.language,
        history=tuple(Message(role=item.role, text=item.text) for item in question.history),
        situation=situation,
        model=question.model,
    )
    text, declined = "", False
    async with aclosing(engines.reply(request, caller)) as parts:
        async for part in parts:
            match part:
                case str():
                    text += part
                    yield TextEvent(part)
                case Resumed():
                    text = part.text
                    yield ReplacedEvent(text)
                case Declined():
                    text, declined = part.text, True
                    yield TextEvent(text)
                case Action():
                    wanted = question.perform and part.name != _LISTEN
                    yield ActionEvent(part.name, part.data, wanted and engines.perform(part))
    yield DoneEvent(text, engines.label("llm"), declined)
