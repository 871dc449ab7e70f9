"""The two halves of a service: what begins a request, and the request itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from wyoming.event import Event

from satellite.net import info
from satellite.net.memory_budget import MemoryBudget
from satellite.net.refusals import Refusals
from satellite.values import EngineInfo
from servers.pool import Pool
from servers.serve.observer import Observer

Write = Callable[[Event], Awaitable[None]]


class Work(ABC):
    """One request: fed by the events that belong to it, answered by `run`."""

    open = True
    """More events may belong to it, even after its answer; another request begins in their place
    only by abandoning it."""

    abandoned = False
    """The client began another request before it had sent all of this one."""

    began = 0.0
    """When it began, on the monotonic clock."""

    complete: float | None = None
    """When the last of what belongs to it came, on the monotonic clock; None until then."""

    @property
    @abstractmethod
    def size(self) -> tuple[float, str]:
        """How much was asked so far, as `Record` tells it: seconds or characters, and the unit."""

    @abstractmethod
    async def feed(self, event: Event) -> None:
        """Take the event that began it, and each one after that. Raises `BadFrame`."""

    @abstractmethod
    async def run(self, write: Write) -> None:
        """Do the work and write the answer."""

    def discard(self) -> None:  # noqa: B027 - most have nothing to forget
        """Nobody works on it any more: let `feed` forget what still comes, without waiting."""


class Service(ABC):
    """An engine in one role, as events."""

    role: str

    def __init__(
        self, pool: Pool, describe: Callable[[], EngineInfo], observer: Observer | None = None
    ) -> None:
        self.pool = pool
        self.describe = describe
        self.observer = observer or Observer()
        self.refusals = Refusals(self.role)
        self.held = MemoryBudget()
        """Where what clients have sent counts until it is used up."""

    def info(self) -> Event:
        """The answer to `describe`."""
        return info.to_event(self.role, self.describe())

    @abstractmethod
    def begin(self, event: Event, current: Work | None, model: str | None) -> Work | None:
        """Make a request of the event that begins one; None for any other event.

        `current` is the request whose events are still coming, `model` what the client has chosen
        for requests that name none. Raises `BadFrame`.
        """
