"""The routes of OpenAI's API."""

from __future__ import annotations

from collections.abc import Sequence

from satellite.http.api.engines import EngineAccess
from satellite.http.route import Route
from satellite.net.memory_budget import MemoryBudget
from servers.api.audio_speech import speech_route
from servers.api.audio_transcriptions import transcriptions_route
from servers.api.chat_completions import chat_route
from servers.api.model_names import model_routes


def openai_routes(engines: EngineAccess, memory: MemoryBudget) -> Sequence[Route]:
    """Return the routes; `memory` counts what clients make this program hold."""
    return [
        *model_routes(engines),
        chat_route(engines, memory),
        transcriptions_route(engines, memory),
        speech_route(engines, memory),
    ]
