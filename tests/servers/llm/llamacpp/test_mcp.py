"""A small real model calls the tool of an MCP server, in a process of its own."""

from __future__ import annotations

import pytest

from satellite.ports import EngineContext
from servers.llm.llamacpp.engine import LlamaCpp
from servers.llm.llamacpp.options import LlamaCppOptions
from tests.net.mcp.connecting import script, servers
from tests.servers.llm.asking import ask, done, heard
from tests.support.real_models import real_model

pytest.importorskip("xllamacpp", reason="the package xllamacpp is not installed")

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("city", ["Rome", "Oslo"])
async def test_qwen_asks_the_server_and_says_its_answer(city: str) -> None:
    file = str(real_model("qwen2.5-coder-0.5b") / "model.gguf")
    options = LlamaCppOptions(
        model=file, ctx_size=8192, n_predict=80, temp=0.0, seed=1, local_first=False
    )
    async with servers(script("weather", name="weather")) as found:
        engine = LlamaCpp(options, EngineContext(tools=found))
        try:
            await engine.load()
            parts = await ask(engine, f"What is the weather forecast for {city}?")
        finally:
            await engine.close()
    said = heard(parts)
    assert "31" in said  # degrees that only the server knows
    assert done(parts) == []  # it only reads
