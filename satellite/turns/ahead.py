"""An answer that is prepared before it is certain that the person has finished.

It is asked of the brain, and its first sentence synthesized, while silence is still being awaited.
If the text was not the final one, it is dropped as if it had never been asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from satellite.ports import AnswersAhead, Llm
from satellite.turns.reply import Reply
from satellite.values import ReplyRequest


class Ahead:
    """Prepares at most one answer at a time."""

    def __init__(
        self,
        llm: Llm,
        make_reply: Callable[[], Reply],
        request_for: Callable[[str], ReplyRequest],
    ) -> None:
        """`make_reply` makes a reply that waits for its release; `request_for` makes the request of
        a text."""
        self._llm = llm
        self._make_reply = make_reply
        self._request_for = request_for
        self._request: ReplyRequest | None = None
        self._reply: Reply | None = None
        self._work: asyncio.Task[None] | None = None

    @property
    def possible(self) -> bool:
        """Whether the brain answers ahead."""
        return isinstance(self._llm, AnswersAhead) and self._llm.describe().ahead

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[None, None]:
        """Prepare answers during this block. No task group, as in `recording`."""
        try:
            yield
        finally:
            await self.drop()

    def guess(self, text: str) -> None:
        """Prepare the answer to a text, in place of any other."""
        request = self._request_for(text)
        if self._answers(request) or not self.possible:
            return
        self._cancel()
        self._request, self._reply = request, self._make_reply()
        self._work = asyncio.create_task(self._reply.answer(request), name="answer ahead")

    async def take(self, text: str) -> tuple[Reply, asyncio.Task[None]] | None:
        """Return the reply to a text, and the task that ends with it; None where another text, or
        none, was answered, or it failed. The task ends with `working` at the latest."""
        same = self._answers(self._request_for(text))
        if self._reply is None or self._work is None or not same or self._work.done():
            await self.drop()
            return None
        return self._reply, self._work

    async def drop(self) -> None:
        """Drop the answer that is being prepared."""
        if (work := self._work) is not None:
            self._cancel()
            await asyncio.wait([work])

    def _answers(self, request: ReplyRequest) -> bool:
        """Return whether the answer is that to a request: what may have been said is the same."""
        mine = self._request
        return (
            mine is not None
            and mine.text == request.text
            and mine.alternatives == request.alternatives
        )

    def _cancel(self) -> None:
        if self._work is not None:
            self._work.cancel()
            self._work.add_done_callback(_forget)
        self._work, self._request, self._reply = None, None, None


def _forget(work: asyncio.Task[None]) -> None:
    """Take note of the error of a dropped answer, which concerns nothing."""
    if not work.cancelled():
        work.exception()
