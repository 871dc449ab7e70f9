"""Servers that answer what programs with OpenAI's API answer beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web


def models(*names: str, **more: Any) -> dict[str, Any]:
    """Return a list of models."""
    return {"object": "list", "data": [{"id": name, "object": "model", **more} for name in names]}


PROGRAMS: dict[str, dict[str, Any]] = {
    "llama.cpp b6543-1a2b3c": {
        "/v1/models": models("qwen.gguf", owned_by="llamacpp"),
        "/props": {"default_generation_settings": {"n_ctx": 4096}, "build_info": "b6543-1a2b3c"},
        "/health": {"status": "ok"},
    },
    "vLLM 0.11.0": {
        "/v1/models": models("Qwen/Qwen3-8B", owned_by="vllm", max_model_len=32768),
        "/version": {"version": "0.11.0"},
        "/health": "",
    },
    "LM Studio": {
        "/v1/models": models("qwen3-4b", owned_by="organization_owner"),
        "/api/v0/models": models("qwen3-4b", publisher="lmstudio-community", state="loaded"),
    },
    "MLC LLM": {"/v1/models": models("Llama-3-8B", owned_by="MLC-LLM")},
    "LiteLLM": {
        "/v1/models": models("gpt-4o", owned_by="openai"),
        "/health/liveliness": "I'm alive!",
    },
    "Ollama 0.17.4": {
        "/v1/models": models("llama3.2:latest", owned_by="library"),
        "/api/version": {"version": "0.17.4"},
    },
    "Kokoro-FastAPI": {
        "/v1/models": models("tts-1", "kokoro", owned_by="kokoro"),
        "/v1/audio/voices": {"voices": ["af_heart", "zf_xiaoxiao"]},
        "/test": {"status": "ok"},
        "/health": {"status": "healthy"},
    },
    "LocalAI": {"/v1/models": models("whisper-1"), "/readyz": "OK"},
    "Speaches": {
        "/v1/models": models("Systran/faster-whisper-small", task="automatic-speech-recognition"),
        "/health": "OK",
    },
    "a server of OpenAI's API": {"/v1/models": models("some-model")},
}
"""By the name and version to recognize, what each path answers; others answer 404."""


@asynccontextmanager
async def program(answers: Mapping[str, Any]) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """Serve answers; yield the address of the API, and the requests that come."""
    asked: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request)
        found = answers.get(request.path)
        if found is None:
            return web.json_response({"detail": "Not Found"}, status=404)
        return web.Response(text=found) if isinstance(found, str) else web.json_response(found)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1", asked
    finally:
        await runner.cleanup()
