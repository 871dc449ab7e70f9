"""What makes routes once a client has come: their modules import aiohttp."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from satellite.net.memory_budget import MemoryBudget

if TYPE_CHECKING:
    from satellite.http.api.engines import EngineAccess
    from satellite.http.api.settings import Reload
    from satellite.http.route import Route
    from satellite.timers import TimerManager


MachineRoutes = Callable[[MemoryBudget, "Reload | None"], "Sequence[Route]"]
"""Makes the routes of the settings and the models; see `satellite.http.api.settings`."""


def make_timer_routes(timers: TimerManager, language: str, memory: MemoryBudget) -> Sequence[Route]:
    """Return the routes of timers and alarms; `language` is that of texts without one."""
    from satellite.http.api.timers import timer_routes

    return timer_routes(timers, language, memory)


def make_engine_routes(engines: EngineAccess, memory: MemoryBudget) -> Sequence[Route]:
    """Return the routes by which programs use engines; `memory` counts what they hold."""
    from satellite.http.api.ask import ask_route
    from satellite.http.api.roles import engines_route
    from satellite.http.api.speak import speak_route
    from satellite.http.api.transcribe import transcribe_route

    return [
        engines_route(engines),
        ask_route(engines, memory),
        transcribe_route(engines, memory),
        speak_route(engines, memory),
    ]
