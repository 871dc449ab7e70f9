"""What makes routes once a client has come: their modules import aiohttp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from satellite.net.memory_budget import MemoryBudget

if TYPE_CHECKING:
    from satellite.http.api.engines import EngineAccess
    from satellite.http.route import Route


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
