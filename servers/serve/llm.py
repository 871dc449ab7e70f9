"""Language models as a Wyoming service."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import msgspec
from wyoming import handle
from wyoming.asr import Transcript
from wyoming.event import Event

from satellite.errors import BadFrame, EngineBusy
from satellite.net import alternatives, judgement
from satellite.net.memory_budget import Budget
from satellite.net.messages import read
from satellite.net.remotes.base import CONTEXT
from satellite.values import Action, Declined, Extent, Message, ReplyRequest, Situation
from servers.pool import Pool
from servers.serve.conversations import Conversations
from servers.serve.service import RequestHandler, Service, Write


class LlmService(Service):
    """Answers texts. Satellites send the conversation; see `Conversations` for other clients."""

    role = "llm"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._memory = Conversations()

    def begin(
        self,
        event: Event,
        current: RequestHandler | None,
        model: str | None,
        memory: Budget,
    ) -> RequestHandler | None:
        if judgement.asks_ahead(event):
            request, _ = _request(judgement.text_of(event), model)
            return _ReplyHandler(self.pool, request, None, ahead=True)
        if judgement.asks(event):
            request, _ = _request(judgement.text_of(event), model)
            return _JudgementHandler(self, request)
        if not Transcript.is_type(event.type):
            return None
        request, stateless = _request(event, model)
        conversations = None if stateless or request.conversation is None else self._memory
        return _ReplyHandler(self.pool, request, conversations)


class _ReplyHandler(RequestHandler):
    expects_more = False

    def __init__(
        self,
        pool: Pool,
        request: ReplyRequest,
        memory: Conversations | None,
        *,
        ahead: bool = False,
    ) -> None:
        self._ahead = ahead
        self._pool = pool
        self._request = request
        self._memory = memory

    @property
    def size(self) -> tuple[float, str]:
        return len(self._request.text), "characters"

    async def feed(self, event: Event) -> None:
        """Ignore the event: the request is complete."""

    async def run(self, write: Write) -> None:
        request, text = self._request, ""
        conversation = request.conversation or ""
        if self._memory is not None:
            history = self._memory.recall(conversation)
            request = msgspec.structs.replace(request, history=history)
        started = False
        if self._ahead and (self._pool.running or self._pool.queued):
            raise EngineBusy("others come before answers ahead")
        method = "ahead" if self._ahead else "reply"
        async with aclosing(self._pool.submit(method, request)) as parts:
            async for part in parts:
                if isinstance(part, Declined):
                    await write(handle.NotHandled(part.text).event())
                    return
                if not started:
                    started = True
                    await write(handle.HandledStart().event())
                await write(_chunk(part))
                text += part if isinstance(part, str) else ""
        context = {"conversation_id": conversation} if conversation else None
        await write(handle.Handled(text, context).event())
        if started:
            await write(handle.HandledStop().event())
        if self._memory is not None:
            asked = Message(role="user", text=request.text)
            self._memory.add(conversation, asked, Message(role="assistant", text=text))


class _JudgementHandler(RequestHandler):
    """Answers how far a text is a request."""

    expects_more = False

    def __init__(self, service: Service, request: ReplyRequest) -> None:
        self._service = service
        self._request = request

    @property
    def size(self) -> tuple[float, str]:
        return len(self._request.text), "characters"

    async def feed(self, event: Event) -> None:
        """Ignore the event: the request is complete."""

    async def run(self, write: Write) -> None:
        extent, pool = Extent.UNKNOWN, self._service.pool
        # requests that wait for an answer come first
        if self._service.describe().judges and not pool.queued:
            async with aclosing(pool.submit("judge", self._request)) as extents:
                extent = await anext(extents, Extent.UNKNOWN)
        await write(judgement.answer(extent))


def _chunk(part: str | Action) -> Event:
    """Return a piece of text, or an action, which is a field of ours in an empty piece."""
    if isinstance(part, str):
        return handle.HandledChunk(part).event()
    event = handle.HandledChunk("").event()
    event.data["action"] = msgspec.to_builtins(part)
    return event


class _Context(msgspec.Struct, frozen=True):
    """The context that our satellites send along."""

    history: tuple[Message, ...] = ()
    situation: Situation = Situation()
    model: str | None = None
    replaces: str | None = None
    alternatives: tuple[str, ...] = ()


def _request(event: Event, model: str | None) -> tuple[ReplyRequest, bool]:
    """Return the request, and whether it includes its conversation. Raises `BadFrame`."""
    asked = read(Transcript, event)
    context = asked.context or {}
    conversation = context.get("conversation_id")
    try:
        ours = msgspec.convert(context.get(CONTEXT) or {}, _Context)
    except msgspec.ValidationError as error:
        raise BadFrame(f"transcript has a malformed context: {error}") from error
    request = ReplyRequest(
        text=asked.text,
        language=asked.language,
        history=ours.history,
        situation=ours.situation,
        conversation=conversation if isinstance(conversation, str) else None,
        model=ours.model or model,
        replaces=ours.replaces,
        alternatives=ours.alternatives[: alternatives.MOST],
    )
    return request, CONTEXT in context
