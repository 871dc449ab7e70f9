"""The engine `homeassistant`: requests to the conversation API, and its failures."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from satellite.conformance import CHECKS, Check, LlmSample, fresh
from satellite.errors import (
    EngineError,
    EngineFailed,
    HomeAgentMissing,
    HomeDown,
    HomeFailed,
    HomeRefused,
    HomeStarting,
)
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.ports import EngineContext
from satellite.settings import HomeSettings
from satellite.turns.own_sentences import own_sentences
from satellite.values import Declined, Situation
from servers.llm.homeassistant import HomeAssistant
from servers.serve.server import serving
from tests.servers.llm.asking import ask
from tests.support.connected_home import (
    FakeHome,
    connected,
    fake_home,
    furnished_home,
    home_settings,
    token_file,
)

NO_DEVICE = {
    "response_type": "error",
    "data": {"code": "no_valid_targets"},
    "speech": {"plain": {"speech": "Sorry, I am not aware of any device called moon"}},
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SATELLITE_HOME_TOKEN", raising=False)


@asynccontextmanager
async def brain(
    fake: FakeHome, folder: Path, **options: Any
) -> AsyncGenerator[HomeAssistant, None]:
    chosen = {"url": fake.url, "token_file": token_file(folder), **options}
    engine = HomeAssistant(HomeAssistant.Options(**chosen))
    try:
        yield engine
    finally:
        await engine.close()


async def test_a_request_is_answered(tmp_path: Path) -> None:
    async with fake_home() as fake, brain(fake, tmp_path) as engine:
        fake.answers["turn on the lamp"] = "Turned on the lamp"
        await engine.load()
        parts = await ask(engine, "turn on the lamp", Situation(), language="en", conversation="c1")
    assert parts == ["Turned on the lamp"]
    assert fake.asked == [
        {"text": "turn on the lamp", "language": "en", "conversation_id": "c1"}
    ]  # fmt: skip


async def test_only_requests_without_a_matching_sentence_or_entity_are_declined(
    tmp_path: Path,
) -> None:
    async with fake_home() as fake, brain(fake, tmp_path) as engine:
        fake.answers["turn on the moon"] = NO_DEVICE
        fake.answers["do the dishes"] = {
            "response_type": "error",
            "data": {"code": "failed_to_handle"},
            "speech": {"plain": {"speech": "An unexpected error occurred"}},
        }
        assert await ask(engine, "tell me a joke") == [
            Declined(text="Sorry, I couldn't understand that")
        ]
        assert await ask(engine, "turn on the moon") == [
            Declined(text="Sorry, I am not aware of any device called moon")
        ]
        assert await ask(engine, "do the dishes") == ["An unexpected error occurred"]


async def test_agent_device_and_language_are_sent(tmp_path: Path) -> None:
    options = {"agent": "conversation.llm", "device": "d7", "language": "de"}
    async with fake_home() as fake, brain(fake, tmp_path, **options) as engine:
        await ask(engine, "licht an", language="en")
    (asked,) = fake.asked
    assert (asked["agent_id"], asked["device_id"], asked["language"]) == (
        "conversation.llm", "d7", "de",
    )  # fmt: skip


async def test_address_token_and_device_come_from_the_home(tmp_path: Path) -> None:
    async with fake_home() as fake, connected(tmp_path, fake) as home:
        context = EngineContext(home=home, home_settings=home_settings(tmp_path, fake))
        engine = HomeAssistant(HomeAssistant.Options(), context)
        await ask(engine, "hello", Situation(satellite="kitchen satellite"))
        await ask(engine, "hello", Situation(satellite="another"))
        await engine.close()
    assert [asked.get("device_id") for asked in fake.asked] == ["d1", None]


async def test_the_conversation_id_of_home_assistant_is_remembered(tmp_path: Path) -> None:
    class Renaming(FakeHome):
        async def _converse(self, request: Any) -> Any:
            self.asked.append(await request.json())
            answer = {"response": {"speech": {"plain": {"speech": "Yes."}}}}
            from aiohttp import web

            return web.json_response({**answer, "conversation_id": f"t{len(self.asked)}"})

    async with fake_home(Renaming()) as fake, brain(fake, tmp_path) as engine:
        for conversation in ("c1", "c1", "c2", None):
            await ask(engine, "hello", conversation=conversation)
        assert [asked.get("conversation_id") for asked in fake.asked] == ["c1", "t1", "c2", None]


def unauthorized(fake: FakeHome) -> None:
    fake.token = "another"


def broken(fake: FakeHome) -> None:
    fake.status = 500


def behind_a_proxy(fake: FakeHome) -> None:
    fake.status = 503


def banned(fake: FakeHome) -> None:
    fake.status = 403


def moved(fake: FakeHome) -> None:
    fake.status = 302


@pytest.mark.parametrize(
    ("change", "kind", "reported", "said"),
    [
        (unauthorized, HomeRefused, "does not accept the token of the file", "let me in"),
        (banned, HomeRefused, "ip_bans", "let me in"),
        (behind_a_proxy, HomeStarting, "not ready", "still starting"),
        (broken, HomeFailed, "HTTP 500: trouble", "could not do that"),
        (moved, HomeFailed, "redirects to", "could not do that"),
    ],
)
async def test_failures_are_reported_and_apologised_for(
    tmp_path: Path, change: Any, kind: type[EngineError], reported: str, said: str
) -> None:
    async with fake_home() as fake, brain(fake, tmp_path) as engine:
        change(fake)
        with pytest.raises(kind, match=reported) as raised:
            await ask(engine, "hello")
        assert type(raised.value) is kind
        assert said in (own_sentences().apology("llm", raised.value) or "")
        assert fake.token not in str(raised.value)


async def test_a_stopped_home_assistant_is_reported(tmp_path: Path) -> None:
    async with fake_home() as fake:
        await fake.stop()
        async with brain(fake, tmp_path) as engine:
            await engine.load()
            with pytest.raises(HomeDown, match=r"does not answer at .* check that it runs"):
                await ask(engine, "hello")


async def test_an_unknown_agent_is_reported(tmp_path: Path) -> None:
    async with fake_home() as fake, brain(fake, tmp_path, agent="conversation.nobody") as engine:
        with pytest.raises(HomeAgentMissing, match="set the option agent"):
            await ask(engine, "hello")


@pytest.mark.parametrize(("state", "kind"), [("STARTING", HomeStarting), ("RUNNING", HomeFailed)])
async def test_a_missing_path_means_starting_up_or_lacking_the_api(
    tmp_path: Path, state: str, kind: type[EngineError]
) -> None:
    fake = FakeHome()
    fake.state = state
    async with fake_home(fake), brain(fake, tmp_path, url=f"{fake.url}") as engine:
        fake.status_of_conversation = 404
        with pytest.raises(kind):
            await ask(engine, "hello")


@pytest.mark.parametrize(
    ("settings", "options", "problem"),
    [
        ({}, {}, "no address: set home.url"),
        ({}, {"url": "tcp://ha:1"}, "no address such as"),
        ({"url": "http://a:1"}, {"url": "http://b:1"}, "is not sent to http://b:1"),
    ],
)
async def test_mistakes_are_reported_on_load(settings: Any, options: Any, problem: str) -> None:
    context = EngineContext(home_settings=HomeSettings(**settings))
    with pytest.raises(EngineFailed, match=problem):
        await HomeAssistant(HomeAssistant.Options(**options), context).load()


@asynccontextmanager
async def here(folder: Path) -> AsyncGenerator[Any, None]:
    fake = furnished_home()
    fake.answers = {"one": "This is the first answer.", "two": "And this is another one."}
    async with fake_home(fake):
        options = HomeAssistant.Options(url=fake.url, token_file=token_file(folder))
        async with fresh(lambda: HomeAssistant(options))() as engine:
            yield engine


@asynccontextmanager
async def there(folder: Path) -> AsyncGenerator[Any, None]:
    async with here(folder) as engine:
        await engine.load()
        async with (
            serving("llm", engine, "tcp://127.0.0.1:0") as uri,
            fresh(lambda: remote(uri, "llm", pairing=Pairing()))() as far,
        ):
            yield far


@pytest.mark.parametrize("place", [here, there])
@pytest.mark.parametrize("check", CHECKS["llm"], ids=[check.name for check in CHECKS["llm"]])
async def test_the_engine_conforms(check: Check, place: Any, tmp_path: Path) -> None:
    await check.run(lambda: place(tmp_path), LlmSample(text="one", other="two"))
