"""The base classes of services and of the handlers of their requests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from wyoming.event import Event

from satellite.net import info
from satellite.net.memory_budget import Budget
from satellite.net.refusals import Refusals
from satellite.net.wire import encode
from satellite.values import EngineInfo
from servers.pool import Pool
from servers.serve.observer import Observer

Write = Callable[[Event], Awaitable[None]]


class RequestHandler(ABC):
    """Handles one request: `feed` takes its events, `run` answers it."""

    expects_more = True
    """Whether more events may belong to the request, even after its answer; another request that
    begins before they come abandons this one."""

    abandoned = False
    """Whether the client began another request before it had sent all of this one."""

    started_at = 0.0
    """Time of the first event, on the monotonic clock."""

    held = 0
    """Bytes of its first event, which count as held until it has ended."""

    received_at: float | None = None
    """Time of the last event, on the monotonic clock; None until then."""

    @property
    @abstractmethod
    def size(self) -> tuple[float, str]:
        """Size of the input so far and its unit, `s` or `characters` (see `RequestRecord`)."""

    def slowness(self, now: float) -> str:
        """Return why the client sends too slowly at this time of the event loop; empty if not."""
        return ""

    def sending(self, now: float) -> float:
        """Return the seconds for which an engine has been taking input that is not complete."""
        return 0.0

    @abstractmethod
    async def feed(self, event: Event) -> None:
        """Take the first event of the request, and each later one. Raises `BadFrame`."""

    @abstractmethod
    async def run(self, write: Write) -> None:
        """Do the request and write the answer."""

    def discard(self) -> None:  # noqa: B027 - most have no input to drop
        """Drop all further input without waiting: the request has ended."""


class Service(ABC):
    """Translates between the events of a role and its engine."""

    role: str

    def __init__(
        self, pool: Pool, describe: Callable[[], EngineInfo], observer: Observer | None = None
    ) -> None:
        self.pool = pool
        self.describe = describe
        self.observer = observer or Observer()
        self.refusals = Refusals(self.role)
        self._described: tuple[EngineInfo, bytes] | None = None

    def info(self) -> bytes:
        """Return the answer to `describe` as a frame, which is encoded once for all clients until
        the description changes: a long list of voices takes milliseconds."""
        now = self.describe()
        if self._described is None or self._described[0] != now:
            self._described = (now, encode(info.to_event(self.role, now)))
        return self._described[1]

    @abstractmethod
    def begin(
        self,
        event: Event,
        current: RequestHandler | None,
        model: str | None,
        memory: Budget,
    ) -> RequestHandler | None:
        """Return the handler of the request that an event begins; None for any other event.

        `current` handles the request whose events are still coming; `model` is the client's choice
        for requests that name none; `memory` counts the input that waits. Raises `BadFrame`.
        """
