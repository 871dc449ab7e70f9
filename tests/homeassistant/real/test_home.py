"""Our brain uses a real Home Assistant: names, states, commands and its conversation agent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from satellite.errors import HomeDown, HomeRefused
from satellite.homeassistant.client.home import Home, opened
from satellite.homeassistant.client.service_calls import HomeCommand
from satellite.settings import HomeSettings
from satellite.values import Declined, ReplyRequest
from servers.llm.homeassistant import HomeAssistant
from tests.homeassistant.real import entries, spoken_requests
from tests.homeassistant.real.install import OLD
from tests.homeassistant.real.installation import LAMP, Installation
from tests.support.program import satellite
from tests.support.speech import write_wav

pytestmark = pytest.mark.timeout(300)

ON = HomeCommand(operation="turn_on", name="living room lamp", target="the lamp")


@pytest.fixture(scope="module")
def secret(home_assistant: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with an access token of Home Assistant."""
    call = home_assistant.api.call(
        "auth/long_lived_access_token", client_name="satellite", lifespan=1
    )
    file = tmp_path_factory.mktemp("secret") / "token"
    file.write_text(home_assistant.loop.run(call))
    file.chmod(0o600)
    return file


@pytest.fixture
def settings(
    home_assistant: Installation, secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> HomeSettings:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return HomeSettings(url=home_assistant.api.base, token_file=str(secret))


@pytest.fixture(autouse=True)
def lamp_off(home_assistant: Installation) -> None:
    home_assistant.loop.run(home_assistant.api.service("input_boolean.turn_off", entity_id=LAMP))
    assert lamp(home_assistant) == "off"


def lamp(home_assistant: Installation) -> str:
    found = home_assistant.loop.run(home_assistant.api.state(LAMP))
    assert found is not None
    return str(found["state"])


def options(settings: HomeSettings) -> Iterator[str]:
    yield from ("--set", f"home.url={settings.url}")
    yield from ("--set", f"home.token_file={settings.token_file}")


@pytest.mark.parametrize(
    ("brain", "answer"),
    [("intents", "Turned on the living room lamp."), ("homeassistant", "Turned on")],
)
def test_a_question_on_the_command_line_switches_the_lamp(
    home_assistant: Installation, settings: HomeSettings, tmp_path: Path, brain: str, answer: str
) -> None:
    command = ("ask", "turn on the living room lamp", "--no-zeroconf", "--llm", brain)
    with satellite(tmp_path, *command, *options(settings)) as program:
        assert program.finish() == 0, program.report()
        assert answer in program.errors()
        assert Path(settings.token_file).read_text() not in program.report()
    assert lamp(home_assistant) == "on"


def test_a_spoken_request_switches_the_lamp(
    home_assistant: Installation, settings: HomeSettings, tmp_path: Path
) -> None:
    """From the wake word to the answer, with only the built-in engines."""
    wav, out = write_wav(tmp_path / "in.wav", spoken_requests.request()), tmp_path / "out.wav"
    command = (
        *("--mic", f"wav:{wav}", "--speaker", f"wav:{out}", "--no-zeroconf"),
        *("--wake", "openwakeword:okay_nabu", "--asr", "pocketsphinx", "--llm", "intents"),
        *("--tts", "espeak", "--set", "homeassistant.listen="),
    )
    with satellite(tmp_path, *command, *options(settings)) as program:
        assert program.finish() == 0, program.report()
        (reply,) = [event for event in program.events("reply") if event["final"]]
    assert reply["text"] == "Turned on the living room lamp."
    assert lamp(home_assistant) == "on"


def test_a_server_with_the_home_is_an_agent_that_controls_it(
    home_assistant: Installation, settings: HomeSettings, tmp_path: Path
) -> None:
    """Home Assistant asks our brain, which switches the lamp at Home Assistant."""
    if home_assistant.version == OLD:
        pytest.skip(f"Home Assistant {OLD} has no Wyoming conversation agents")
    command = ("--server", "llm", "--host", "127.0.0.1", "--llm-port", "0", "--no-zeroconf")
    run, api = home_assistant.loop.run, home_assistant.api
    with satellite(tmp_path, *command, "--llm", "intents", *options(settings)) as program:
        (ready,) = program.wait_for("ready")
        entry = run(entries.add(api, int(ready["engines"]["llm"].rpartition(":")[2])))
        (agent,) = entry.entities["conversation"]
        state = run(api.state(agent))
        assert state is not None
        assert state["attributes"]["supported_features"] == 1  # the agent can control the home
        body = {"text": "turn on the living room lamp", "agent_id": agent, "language": "en"}
        answer = run(api.rest("POST", "/api/conversation/process", body))
        run(entries.remove(api, entry))
    assert answer["response"]["speech"]["plain"]["speech"] == "Turned on the living room lamp."
    assert lamp(home_assistant) == "on"


async def test_names_are_updated_and_only_exposed_things_are_controlled(
    home_assistant: Installation, settings: HomeSettings
) -> None:
    def ask(kind: str, **fields: Any) -> Any:
        return home_assistant.loop.run(home_assistant.api.call(kind, **fields))

    def expose(exposed: bool) -> None:
        ask("homeassistant/expose_entity", assistants=["conversation"], entity_ids=[fan],
            should_expose=exposed)  # fmt: skip

    async with opened(settings) as home:
        assert isinstance(home, Home)
        assert "living room lamp" in (await home.known()).names
        fan = f"input_boolean.{ask('input_boolean/create', name='Fan of the bath')['id']}"
        expose(True)
        await _until(lambda: "Fan of the bath" in home.contents.names)
        area = next(a for a in ask("config/area_registry/list") if a["name"] == "Kitchen")
        ask("config/entity_registry/update", entity_id=fan, area_id=area["area_id"],
            aliases=["blower"])  # fmt: skip
        await _until(lambda: "blower" in home.contents.names)
        blower = HomeCommand(
            operation="turn_on", name="blower", area="kitchen", target="the blower"
        )
        assert await home.do(blower) == "Done."
        assert (home_assistant.loop.run(home_assistant.api.state(fan)) or {})["state"] == "on"
        expose(False)
        assert await home.do(blower) == "I know no such thing here: the blower."


async def test_a_wrong_token_is_reported(
    home_assistant: Installation, settings: HomeSettings, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("abc.def.ghi")
    async with opened(HomeSettings(url=settings.url, token_file=str(wrong))) as home:
        assert isinstance(home, Home)
        with pytest.raises(HomeRefused, match="does not accept the token"):
            await home.do(ON)


async def test_home_assistants_agent_declines_unknown_requests(
    home_assistant: Installation, settings: HomeSettings
) -> None:
    brain = HomeAssistant(HomeAssistant.Options(url=settings.url, token_file=settings.token_file))
    replies = []
    for text in ("turn on the living room lamp", "frobnicate the zork"):
        request = ReplyRequest(text=text, language="en", conversation="ours")
        async with aclosing(brain.reply(request)) as parts:
            replies += [part async for part in parts]
    await brain.close()
    assert isinstance(replies[0], str)
    assert isinstance(replies[1], Declined)
    assert lamp(home_assistant) == "on"


async def test_home_assistant_may_restart(
    home_assistant: Installation, settings: HomeSettings
) -> None:
    async with opened(settings) as home:
        assert isinstance(home, Home)
        await home.known()
        assert await home.do(ON) == "Done."
        home_assistant.stop()
        with pytest.raises(HomeDown):
            await home.do(ON)
    async with opened(settings) as home:
        assert isinstance(home, Home)
        assert "living room lamp" in (await home.known()).names
        home_assistant.start()
        home_assistant.loop.run(
            home_assistant.api.service("input_boolean.turn_off", entity_id=LAMP)
        )
        assert await home.do(ON) == "Done."
    assert lamp(home_assistant) == "on"


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.05)
