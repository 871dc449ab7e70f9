"""Language models use the tools of a real Home Assistant's MCP server."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.engines.mcp_targets import mcp_targets
from satellite.errors import EngineFailed
from satellite.ports import EngineContext
from satellite.settings import HomeSettings, Settings
from servers.llm.ollama.engine import Ollama
from tests.homeassistant.real.access_tokens import write_token
from tests.homeassistant.real.api import Refused
from tests.homeassistant.real.install import NEW
from tests.homeassistant.real.installation import LAMP, Installation
from tests.net.mcp.connecting import call, servers, until
from tests.servers.llm.asking import NOW, ask, done, heard
from tests.support.ollama_fake import calls, fake_ollama, words
from tests.support.program import satellite

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.parametrize("home_assistant", [NEW], indirect=True, scope="module"),
]

_FLOW = "/api/config/config_entries/flow"


@pytest.fixture(scope="module")
def token(home_assistant: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_token(home_assistant, tmp_path_factory.mktemp("secret") / "token")


@pytest.fixture(scope="module")
def settings(home_assistant: Installation, token: Path) -> Settings:
    """The settings of a satellite whose Home Assistant has the integration."""

    async def add() -> None:
        api = home_assistant.api
        form = await api.rest("POST", _FLOW, {"handler": "mcp_server"})
        fields = {field["name"]: field.get("default") for field in form["data_schema"]}
        answer = {name: default for name, default in fields.items() if default is not None}
        await api.rest("POST", f"{_FLOW}/{form['flow_id']}", {"llm_hass_api": ["assist"], **answer})

    try:
        home_assistant.loop.run(add())
    except Refused as error:
        pytest.skip(f"this Home Assistant has no mcp_server (the package mcp is missing): {error}")
    url = home_assistant.api.base
    return Settings(home=HomeSettings(url=url, token_file=str(token), mcp=True))


def lamp(home_assistant: Installation) -> str:
    found = home_assistant.loop.run(home_assistant.api.state(LAMP))
    assert found is not None
    return str(found["state"])


async def test_its_tools_are_listed_and_called(
    home_assistant: Installation, settings: Settings
) -> None:
    async with servers(*mcp_targets(settings)) as found:
        offered = {tool.name: tool for tool in await found.offered()}
        assert {"home_HassTurnOn", "home_HassTurnOff", "home_GetLiveContext"} <= set(offered)
        assert all(tool.home for tool in offered.values())
        assert offered["home_HassTurnOn"].effect
        assert not offered["home_GetLiveContext"].effect
        assert not [name for name in offered if "Timer" in name or "call_action" in name]
        assert found.servers[0].left_out == {}
        await call(found, "home_HassTurnOn", name="living room lamp")
        assert lamp(home_assistant) == "on"
        assert "living room lamp" in await call(found, "home_GetLiveContext")
        await call(found, "home_HassTurnOff", name="living room lamp")
        assert lamp(home_assistant) == "off"
        with pytest.raises(EngineFailed):
            await call(found, "home_HassTurnOn", name="no such lamp")


async def test_a_model_switches_the_lamp_by_them(
    home_assistant: Installation, settings: Settings
) -> None:
    script = calls(("home_HassTurnOn", {"name": "living room lamp"})), words("It is on.")
    async with fake_ollama(*script) as fake, servers(*mcp_targets(settings)) as found:
        options = Ollama.Options(model="m", local_first=False, host=fake.host, num_ctx=16384)
        engine = Ollama(options, EngineContext(tools=found))
        try:
            situation = type(NOW)(now=NOW.now, home=True)
            parts = await ask(engine, "turn on the lamp", situation)
        finally:
            await engine.close()
        names = [tool["function"]["name"] for tool in fake.asked[0]["tools"]]
    assert heard(parts) == "It is on."
    assert [action.name for action in done(parts)] == ["tool.used"]
    assert "home_HassTurnOn" in names
    assert "switch_home" not in names
    assert lamp(home_assistant) == "on"


async def test_a_wrong_token_is_reported(settings: Settings, tmp_path: Path) -> None:
    wrong = tmp_path / "token"
    wrong.write_text("wrong-token")
    wrong.chmod(0o600)
    home = HomeSettings(url=settings.home.url, token_file=str(wrong), mcp=True)
    async with servers(*mcp_targets(Settings(home=home))) as found:
        await until(lambda: found.servers[0].error is not None)
        assert "refuses the token" in str(found.servers[0].error)
        assert "wrong-token" not in str(found.servers[0].error)


def test_the_doctor_and_the_list_of_tools_name_them(settings: Settings, tmp_path: Path) -> None:
    options = (
        *("--set", f"home.url={settings.home.url}", "--set", "home.mcp=true"),
        *("--set", f"home.token_file={settings.home.token_file}"),
    )
    with satellite(tmp_path, "doctor", "mcp", *options) as program:
        assert program.finish() == 0, program.report()
        assert "tools are used" in program.report()
    with satellite(tmp_path, "tools", *options) as program:
        assert program.finish() == 0, program.report()
        assert "home_HassTurnOn" in program.report()
        assert "switch_home" not in program.report()
        assert Path(settings.home.token_file).read_text() not in program.report()
