"""Remote conversation and intent services."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import msgspec
from wyoming import handle, intent
from wyoming.asr import Transcript
from wyoming.event import Event

from satellite.errors import BadFrame, EngineFailed
from satellite.net import judgement
from satellite.net.messages import read
from satellite.net.pairing import Pairing
from satellite.net.remotes.base import CONTEXT, Remote
from satellite.values import Action, Declined, Extent, ReplyPart, ReplyRequest


class RemoteLlm(Remote):
    """A Wyoming intent or conversation service as an engine."""

    role = "llm"

    def __init__(
        self, uri: str, pairing: Pairing, *, judges: bool = False, ahead: bool = False
    ) -> None:
        """`judges`, `ahead`: whether the service is known to judge texts, and to answer ahead,
        before it is loaded."""
        super().__init__(uri, pairing)
        self._judges = judges
        self._knows_ahead = ahead

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        async with aclosing(self._ask(_transcript(request))) as parts:
            async for part in parts:
                yield part

    async def ahead(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the reply ahead. Raises `EngineFailed` for a service that does not know how."""
        if not (self._knows_ahead or self.describe().ahead):
            raise EngineFailed(f"{self.label} does not answer ahead")
        async with aclosing(self._ask(judgement.ahead(_transcript(request)))) as parts:
            async for part in parts:
                yield part

    async def _ask(self, question: Event) -> AsyncGenerator[ReplyPart, None]:
        async with self._call() as connection:
            await connection.write(question)
            answer = _ReplyReader()
            while not answer.complete:
                for part in answer.take(await self._next_event(connection)):
                    yield part

    async def judge(self, request: ReplyRequest) -> AsyncGenerator[Extent, None]:
        """Yield what the service knows about a text; only services of ours are asked."""
        extent: Extent | None = None if self._judges or self.describe().judges else Extent.UNKNOWN
        if extent is None:
            async with self._call() as connection:
                await connection.write(judgement.question(_transcript(request)))
                while extent is None:
                    extent = judgement.read_answer(await self._next_event(connection))
        yield extent


class _ReplyReader:
    """Collects the parts of a reply from its events."""

    def __init__(self) -> None:
        self.complete = False
        self._streamed = False
        self._multiple_intents = False

    def take(self, event: Event) -> list[ReplyPart]:
        """Return the parts of the reply in an event."""
        kind = event.type
        if handle.HandledChunk.is_type(kind):
            return self._chunk(event)
        if handle.HandledStop.is_type(kind) or intent.IntentsStop.is_type(kind):
            self.complete = True
        elif handle.Handled.is_type(kind):
            self.complete = True
            text = read(handle.Handled, event).text
            return [text] if text and not self._streamed else []
        elif handle.NotHandled.is_type(kind):
            self.complete = True
            return [Declined(text=read(handle.NotHandled, event).text or "")]
        elif intent.NotRecognized.is_type(kind):
            self.complete = True
            return [Declined(text=read(intent.NotRecognized, event).text or "")]
        elif intent.IntentsStart.is_type(kind):
            self._multiple_intents = True
        elif intent.Intent.is_type(kind):
            self.complete = not self._multiple_intents
            return self._intent(event)
        return []

    def _chunk(self, event: Event) -> list[ReplyPart]:
        self._streamed = True
        text = read(handle.HandledChunk, event).text
        parts: list[ReplyPart] = [text] if text else []
        if (raw := event.data.get("action")) is not None:
            parts.append(_action(raw))
        return parts

    def _intent(self, event: Event) -> list[ReplyPart]:
        """Return an intent as an action, and its text if there is one: foreign services name only
        the intent."""
        found = read(intent.Intent, event)
        data = {entity.name: entity.value for entity in found.entities}
        parts: list[ReplyPart] = [Action(name=found.name, data=data)]
        return [*parts, found.text] if found.text else parts


def _action(raw: Any) -> Action:
    try:
        return msgspec.convert(raw, Action)
    except msgspec.ValidationError as error:
        raise BadFrame(f"handled-chunk has a malformed action: {error}") from error


def _transcript(request: ReplyRequest) -> Event:
    """Return the request as Home Assistant sends it; values for our own servers are in its
    context."""
    own: dict[str, Any] = {"history": request.history, "situation": request.situation}
    if request.replaces:
        own["replaces"] = request.replaces
    if request.model:
        own["model"] = request.model
    if request.alternatives:
        own["alternatives"] = request.alternatives
    context = {CONTEXT: msgspec.to_builtins(own)}
    if request.conversation:
        context["conversation_id"] = request.conversation
    return Transcript(text=request.text, language=request.language, context=context).event()
