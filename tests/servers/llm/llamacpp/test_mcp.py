"""A small real model calls the tool of an MCP server, in a process of its own."""

from __future__ import annotations

import pytest

from satellite import tools
from satellite.ports import EngineContext
from servers.llm.llamacpp.engine import LlamaCpp
from servers.llm.llamacpp.options import LlamaCppOptions
from tests.net.mcp.connecting import script, servers
from tests.servers.llm.asking import ask, done, heard
from tests.support.real_models import real_model

pytest.importorskip("xllamacpp", reason="the package xllamacpp is not installed")

pytestmark = pytest.mark.timeout(240)


async def test_qwen_asks_the_server_and_says_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "installed", tuple)  # a prompt of 400 tokens instead of 2000
    file = str(real_model("qwen2.5-coder-0.5b") / "model.gguf")
    options = LlamaCppOptions(
        model=file,
        ctx_size=2048,
        n_predict=60,
        temp=0.0,
        seed=1,
        local_first=False,
        threads=2,
        tool_rounds=2,
    )
    async with servers(script("weather", name="weather")) as found:
        engine = LlamaCpp(options, EngineContext(tools=found))
        try:
            await engine.load()
            parts = await ask(engine, "What is the weather forecast for Rome?")
        finally:
            await engine.close()
    said = heard(parts)
    assert "31" in said  # degrees that only the server knows
    assert done(parts) == []  # it only reads
