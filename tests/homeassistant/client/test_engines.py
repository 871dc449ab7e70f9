"""With a home, engines know its names, and what brains wish is done before it is told."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from satellite.engines import assembly
from satellite.engines.home_aware import HomeAsr, HomeLlm
from satellite.errors import EngineFailed, HomeDown, HomeRefused
from satellite.homeassistant.client.service_calls import HomeCommand, HomeQuery, action
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.ports import EngineContext
from satellite.settings import USUAL_AREAS, USUAL_NAMES, HomeSettings, Settings
from satellite.values import (
    Action,
    EngineInfo,
    ReplyRequest,
    Resumed,
    Situation,
    TranscribeRequest,
)
from servers.llm.intents import Intents
from servers.serve.server import serving
from tests.servers.llm.asking import ask
from tests.support.connected_home import FakeHome, connected, fake_home, token_file
from tests.support.engines import ScriptedAsr, ScriptedLlm

HERE = Situation(area="kitchen", names=USUAL_NAMES, areas=USUAL_AREAS)


def settings(fake: FakeHome, folder: Path, **more: Any) -> Settings:
    home = HomeSettings(url=fake.url, token_file=token_file(folder))
    return Settings(name="t", zeroconf=False, llm="intents", home=home, **more)


@pytest.mark.parametrize(
    ("said", "answer", "service"),
    [
        ("turn on the living room lamp", "Turned on the living room lamp.", "turn_on"),
        ("turn off the lights in the kitchen", "Turned off the Kitchen lights.", "turn_off"),
        ("turn off the lights", "Turned off the lights.", "turn_off"),
        ("open the garage door", "Opening the Garage door.", "open_cover"),
        ("run movie time", "Started the movie time.", "turn_on"),
        ("set the television volume to 30 percent", "Set the Television to 30 percent.",
         "volume_set"),
        ("set the temperature in the lounge to 21", "Set the temperature in the lounge to 21 "
         "degrees.", "set_temperature"),
        ("dim the ceiling light", "Set the Ceiling light to 30 percent.", "turn_on"),
        ("is the garage door open", "No, the Garage door is closed.", None),
        ("are the kitchen lights on", "No, they are off.", None),
        ("what is the temperature in the bedroom", "It is 20.5 degrees in the Bedroom.", None),
        ("what is the state of the thermostat", "The Thermostat is heat.", None),
        ("turn on the secret", "Sorry, I did not understand.", None),
    ],
)  # fmt: skip
async def test_requests_switch_exposed_things_without_a_language_model(
    tmp_path: Path, said: str, answer: str, service: str | None
) -> None:
    async with fake_home() as fake, assembly.opened("llm", settings(fake, tmp_path)) as brain:
        (part,) = await ask(brain, said, HERE)
        assert getattr(part, "text", part) == answer
        assert [call[1] for call in fake.called] == ([service] if service else [])


async def test_a_brain_on_another_machine_needs_no_token(tmp_path: Path) -> None:
    """It wishes, and the satellite does."""
    brain = Intents(Intents.Options())
    async with (
        fake_home() as fake,
        connected(tmp_path, fake) as home,
        serving("llm", brain, "tcp://127.0.0.1:0") as uri,
    ):
        far = HomeLlm(remote(uri, "llm", pairing=Pairing()), home)
        assert await ask(far, "turn on the counter", HERE) == ["Turned on the Counter."]
        assert await ask(far, "is the counter on", HERE) == ["Yes, the Counter is on."]
        await far.close()
    await brain.close()


async def test_what_was_done_for_half_a_request_is_undone(tmp_path: Path) -> None:
    """The brain may run on a server; only the request that replaces the first one undoes it."""
    brain = Intents(Intents.Options())
    first, other = "turn on the living room lamp", "turn off the lights in the kitchen"
    async with fake_home() as fake, connected(tmp_path, fake) as home:
        served = HomeLlm(brain, home)
        async with serving("llm", served, "tcp://127.0.0.1:0") as uri:
            far = remote(uri, "llm", pairing=Pairing())
            here = msgspec.structs.replace(HERE, satellite="den")
            for text, replaces in ((first, None), (first, other), (other, first)):
                request = ReplyRequest(text=text, replaces=replaces, situation=here)
                assert [part async for part in far.reply(request)]
            await far.close()
    await brain.close()
    lamp = [(name, ids) for _, name, _, ids in fake.called]
    on, off = ("turn_on", lamp[0][1]), ("turn_off", lamp[0][1])
    # the second request found the lamp on, so that undoing it leaves it on
    assert lamp[:3] == [on, on, on]
    assert off not in lamp[:3]
    assert lamp[3][0] == "turn_off"


async def test_nothing_is_done_in_the_home_ahead_of_the_end(tmp_path: Path) -> None:
    brain = Intents(Intents.Options())
    async with fake_home() as fake, connected(tmp_path, fake) as home:
        engine = HomeLlm(brain, home)
        asked = ReplyRequest(text="is the garage door open", situation=HERE)
        assert [part async for part in engine.ahead(asked)] == ["No, the Garage door is closed."]
        request = ReplyRequest(text="turn on the counter", situation=HERE)
        with pytest.raises(EngineFailed, match="nothing is done"):
            assert [part async for part in engine.ahead(request)]
    await brain.close()
    assert fake.called == []


async def test_a_lamp_that_was_off_is_switched_off_again(tmp_path: Path) -> None:
    brain = Intents(Intents.Options())
    async with fake_home() as fake, connected(tmp_path, fake) as home:
        engine = HomeLlm(brain, home)
        here = msgspec.structs.replace(HERE, satellite="den")
        first, whole = "turn on the counter", "turn on the living room lamp"
        for text, replaces in ((first, None), (whole, first)):
            request = ReplyRequest(text=text, replaces=replaces, situation=here)
            assert [part async for part in engine.reply(request)]
    await brain.close()
    names = [name for _, name, _, _ in fake.called]
    assert names == ["turn_on", "turn_off", "turn_on"]
    assert fake.called[0][3] == fake.called[1][3] != fake.called[2][3]


class PreparingAsr(ScriptedAsr):
    """Records what it was to make ready."""

    prepared: TranscribeRequest | None = None

    async def prepare_for(self, request: TranscribeRequest) -> None:
        self.prepared = request


async def test_the_names_go_to_both_engines(tmp_path: Path) -> None:
    asr, llm = PreparingAsr(), ScriptedLlm()
    async with fake_home() as fake, connected(tmp_path, fake) as home:

        async def silence() -> Any:
            yield b"\0\0"

        request = TranscribeRequest(names=("my own",), terms=USUAL_AREAS)
        async with aclosing(HomeAsr(asr, home).transcribe(silence(), request)) as transcripts:
            assert [t.text async for t in transcripts] == ["what time is it"]
        await HomeAsr(asr, home).prepare_for(request)
        await HomeAsr(ScriptedAsr(), home).prepare_for(request)  # which has nothing to make ready
        await ask(HomeLlm(llm, home), "hello", HERE)
    (heard,), (answered,) = asr.requests, llm.requests
    assert asr.prepared == heard
    assert heard.names == (*home.contents.names, "my own")
    assert heard.terms == answered.situation.areas == home.contents.areas
    assert answered.situation.names == home.contents.names
    assert answered.situation.home


async def test_before_anything_is_known_the_usual_names_serve(tmp_path: Path) -> None:
    fake = FakeHome()
    fake.token = "another"
    async with fake_home(fake), assembly.opened("llm", settings(fake, tmp_path)) as brain:
        with pytest.raises(HomeRefused, match="does not accept the token"):
            await ask(brain, "turn on the lamp", HERE)


async def test_results_stand_among_what_is_said(tmp_path: Path) -> None:
    stop = Action(name="stop")
    request, question = (
        HomeCommand(operation="turn_on", name="counter"),
        HomeQuery(name="counter", expected="off"),
    )
    script = ("Well.", action(request), stop, action(question), " So.")
    async with fake_home() as fake, connected(tmp_path, fake) as home:
        parts = await ask(HomeLlm(ScriptedLlm((script,)), home), "hello", HERE)
    assert parts == ["Well.", " Done.", stop, " No, counter is on.", " So."]


async def test_a_result_is_reported_when_the_llm_fails_right_after_it(tmp_path: Path) -> None:
    """Another brain goes on with the answer; the wish is not done again, and was not told yet."""
    request = action(HomeCommand(operation="turn_on", name="counter"))
    dying: Any = ScriptedLlm([("Yes. ", request, Resumed(text="Yes. "), "Is that all?")])
    async with fake_home() as fake, connected(tmp_path, fake) as home:
        parts = await ask(HomeLlm(dying, home), "turn on the counter", HERE)
    done = "Done."
    assert parts == ["Yes. ", f" {done}", Resumed(text="Yes. "), f"{done} ", "Is that all?"]


async def test_a_home_that_is_away_fails_the_request_with_its_reason(tmp_path: Path) -> None:
    async with fake_home() as fake:
        chosen = settings(fake, tmp_path)
        async with assembly.opened("llm", chosen) as brain:
            await ask(brain, "turn on the counter", HERE)
        await fake.stop()
        async with assembly.opened("llm", chosen) as brain:
            assert await ask(brain, "hello", HERE) == ["Hello."]
            with pytest.raises(HomeDown):
                await ask(brain, "turn on the counter", HERE)


async def test_home_control_is_described_only_with_a_home(tmp_path: Path) -> None:
    def told(brain: Any) -> bool:
        info: EngineInfo = brain.describe()
        return info.home_control

    elsewhere = Intents(Intents.Options())
    assert not told(elsewhere)
    async with fake_home() as fake, connected(tmp_path, fake) as home:
        intents = Intents(Intents.Options(), EngineContext(home=home))
        assert told(intents)
        assert told(HomeLlm(intents, home))
        assert not told(elsewhere), "another program in this process"
        await intents.close()
    await elsewhere.close()


async def test_a_malformed_request_is_a_failure_of_the_llm(tmp_path: Path) -> None:
    script = (Action(name="home.do", data={"deed": "explode"}),)
    async with fake_home() as fake, connected(tmp_path, fake) as home:
        with pytest.raises(EngineFailed, match=r'malformed request "home\.do"'):
            await ask(HomeLlm(ScriptedLlm((script,)), home), "hello", HERE)
        assert not fake.called


async def test_an_engine_with_a_home_is_labelled_as_itself(tmp_path: Path) -> None:
    async with fake_home() as fake, connected(tmp_path, fake) as home:
        assert HomeLlm(ScriptedLlm(), home).label == "scriptedllm"
        request = ReplyRequest(text="  ")
        async with aclosing(HomeLlm(ScriptedLlm(), home).reply(request)) as parts:
            assert [part async for part in parts] == []
