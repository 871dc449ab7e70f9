"""Engines that another part loads and closes: what they know reaches the conversation."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec
import pytest

from satellite.errors import EngineBusy, EngineFailed
from satellite.turns.borrowed import BorrowedLlm, BorrowedTts
from satellite.values import EngineInfo, Extent, ReplyPart, ReplyRequest, SpeechRequest
from servers.pool import LocalPool
from servers.serve.shared import SharedEngine
from tests.support.engines import ScriptedLlm

REQUEST = ReplyRequest(text="turn on the lamp")


class Knowing(ScriptedLlm):
    """A scripted brain that judges texts by their last word, and answers ahead."""

    def describe(self) -> EngineInfo:
        return msgspec.structs.replace(super().describe(), judges=True, ahead=True)

    async def judge(self, request: ReplyRequest) -> AsyncGenerator[Extent, None]:
        yield Extent.WHOLE if request.text.endswith("lamp") else Extent.BEGUN

    async def ahead(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        yield f"ahead: {request.text}"


class Renaming(BorrowedLlm):
    def _adapted(self, request: ReplyRequest) -> ReplyRequest:
        return msgspec.structs.replace(request, text="turn on the")


async def test_a_brain_is_asked_how_far_a_text_is_a_request() -> None:
    extents = [extent async for extent in BorrowedLlm(Knowing()).judge(REQUEST)]
    assert extents == [Extent.WHOLE]
    assert [extent async for extent in Renaming(Knowing()).judge(REQUEST)] == [Extent.BEGUN]


async def test_a_brain_answers_ahead() -> None:
    parts = [part async for part in Renaming(Knowing()).ahead(REQUEST)]
    assert parts == ["ahead: turn on the"]


async def test_a_brain_that_can_do_neither_says_so() -> None:
    plain = BorrowedLlm(ScriptedLlm())
    assert [extent async for extent in plain.judge(REQUEST)] == [Extent.UNKNOWN]
    with pytest.raises(EngineFailed, match="does not answer ahead"):
        await anext(plain.ahead(REQUEST))


async def test_no_voice_is_described_and_silent() -> None:
    none = BorrowedTts(None)
    assert (none.label, none.describe().name, none.fallback_seconds) == ("no voice", "no voice", 0)
    assert [chunk async for chunk in none.synthesize(SpeechRequest(text="Hello."))] == []


async def test_a_server_judges_for_browsers_and_answers_ahead_only_while_it_is_idle() -> None:
    engine = Knowing()
    shared = SharedEngine(engine, LocalPool(engine, workers=1, waiting=4))
    assert [extent async for extent in shared.judge(REQUEST)] == [Extent.WHOLE]
    assert [part async for part in shared.ahead(REQUEST)] == ["ahead: turn on the lamp"]
    async with aclosing(shared.reply(REQUEST)) as parts:
        await anext(parts)
        with pytest.raises(EngineBusy):
            await anext(shared.ahead(REQUEST))
    assert [part async for part in shared.ahead(REQUEST)] == ["ahead: turn on the lamp"]
