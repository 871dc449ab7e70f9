"""The event bus: publishers never wait, and a slow subscriber delays no other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from satellite.events import Event

_LOGGER = logging.getLogger(__name__)

CAPACITY = 10_000
"""Events kept for a subscriber that is behind: about an hour of busy turns, a few MB."""


class Subscription:
    """The events published since it began, in order; iterate it."""

    def __init__(self, name: str, capacity: int = CAPACITY) -> None:
        self.name = name
        self.dropped = 0
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue(capacity + 1)
        self._capacity = capacity

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Event:
        event = await self._queue.get()
        if event is None:
            raise StopAsyncIteration
        return event

    def offer(self, event: Event) -> None:
        """Append an event, or count it as dropped when the subscriber is too far behind."""
        if self._queue.qsize() >= self._capacity:
            self.dropped += 1
            level = logging.WARNING if self.dropped == 1 else logging.DEBUG
            _LOGGER.log(level, "%s is %d events behind; dropping", self.name, self._capacity)
        else:
            self._queue.put_nowait(event)

    def end(self) -> None:
        """End the iteration after the events that are waiting. Idempotent."""
        if self._queue.qsize() <= self._capacity:
            self._queue.put_nowait(None)


class Bus:
    """Passes every event to every subscriber."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscription] = []

    def publish(self, event: Event) -> None:
        """Pass an event on, at once."""
        for subscription in self._subscriptions:
            subscription.offer(event)

    @asynccontextmanager
    async def subscribe(
        self, name: str, capacity: int = CAPACITY
    ) -> AsyncGenerator[Subscription, None]:
        """Receive every event published inside this block."""
        subscription = Subscription(name, capacity)
        self._subscriptions.append(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.remove(subscription)

    def end(self) -> None:
        """Let every subscriber's iteration end after what it has waiting."""
        for subscription in self._subscriptions:
            subscription.end()
