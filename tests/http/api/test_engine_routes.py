"""The API of a satellite's engines: asking, recognizing, speaking; and its description."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import jsonschema
import pytest

from satellite.audio.wavfile import parse_wav, wav_bytes
from satellite.errors import EngineFailed
from satellite.http.api import connection
from satellite.http.api.engines import AT_ONCE, SatelliteEngines
from satellite.http.api.openapi import describe, with_description
from satellite.http.application import guarded_runner
from satellite.http.auth import Guard
from satellite.http.lazy_routes import make_engine_routes, make_timer_routes
from satellite.http.pages import Page
from satellite.http.route import Route
from satellite.http.server import make_api_routes
from satellite.net.memory_budget import MemoryBudget
from satellite.turns.context import Engines
from satellite.values import SPEECH, Action, AudioFormat, Declined
from tests.support.described_api import DescribedApi, engine_routes, served_routes
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.peers import until
from tests.support.scripted_satellite import QUIET, ScriptedSatellite

SOUND = b"\x10\x00" * 16_000
EVENTS = {"Accept": "text/event-stream"}


class Api:
    """The API of a satellite with scripted engines."""

    def __init__(self, api: DescribedApi, satellite: ScriptedSatellite, engines: Engines) -> None:
        self.ask, self.session, self.address = api.ask, api.session, api.address
        self.satellite, self.engines = satellite, engines
        self.described = api


@asynccontextmanager
async def satellite_api(
    *,
    asr: ScriptedAsr | None = None,
    llm: ScriptedLlm | None = None,
    tts: ScriptedTts | None = None,
    memory: MemoryBudget | None = None,
) -> AsyncGenerator[Api, None]:
    satellite = ScriptedSatellite(QUIET)
    engines = Engines(asr or ScriptedAsr(), llm or ScriptedLlm(), tts or ScriptedTts())
    access = SatelliteEngines(QUIET, engines, satellite.context)
    async with (
        asyncio.timeout(20),
        satellite.open(),
        served_routes(engine_routes(access, memory)) as api,
    ):
        yield Api(api, satellite, engines)


async def test_an_answer_comes_whole_or_piece_by_piece() -> None:
    async with satellite_api() as api:
        whole = await api.ask("POST", "/api/ask", json={"text": "what time is it"})
        assert whole.json == {
            "text": "It is seven o'clock.",
            "engine": "scriptedllm",
            "actions": [],
            "declined": False,
        }
        question = {"text": "and now?", "history": [{"role": "user", "text": "hi"}]}
        streamed = await api.ask("POST", "/api/ask", json=question, headers=EVENTS)
        assert [event.get("text") for event in streamed.events] == [
            "It is ",
            "seven o'clock.",
            "It is seven o'clock.",
        ]
        assert streamed.events[-1]["event"] == "done"
        asked = api.engines.llm.requests[-1]  # type: ignore[attr-defined]
        assert (asked.language, asked.history[0].text) == ("en", "hi")
        assert asked.situation.satellite == "kitchen"


async def test_actions_are_performed_by_a_satellite_unless_that_is_not_wanted() -> None:
    timer = Action(name="timer.start", data={"seconds": 300.0, "name": "egg"})
    listen = Action(name="listen", data={})
    async with satellite_api(llm=ScriptedLlm([("Five minutes.", timer, listen)])) as api:
        answer = await api.ask("POST", "/api/ask", json={"text": "egg timer"})
        performed = {action["name"]: action["performed"] for action in answer.json["actions"]}
        assert performed == {"timer.start": True, "listen": False}
        assert [state.name for state in api.satellite.timers.states()] == ["egg"]
        await api.ask("POST", "/api/ask", json={"text": "egg timer", "perform": False})
        assert len(api.satellite.timers.states()) == 1


async def test_a_text_is_spoken_faster_or_slower() -> None:
    async with satellite_api(tts=ScriptedTts(1.0)) as api:
        for speed in (0.5, 1.0, 2.0):
            asked = {"text": "one two", "format": "pcm", "rate": 16_000, "speed": speed}
            spoken = await api.ask("POST", "/api/speak", json=asked)
            assert SPEECH.seconds(spoken.body) == pytest.approx(2.0 / speed, rel=0.1)
        assert (await api.ask("POST", "/api/speak", json={**asked, "speed": 9})).status == 400


async def test_a_client_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.3)
    memory = MemoryBudget()
    async with satellite_api(tts=ScriptedTts(60.0), memory=memory) as api:
        host, port = api.address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        body = json.dumps({"text": "word " * 100}).encode()
        head = f"POST /api/speak HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        tts: Any = api.engines.tts
        await until(lambda: tts.running == 1)
        await until(lambda: tts.stopped == 1)  # after a few pieces of 100 minutes of sound
        with suppress(ConnectionError):
            while await reader.read(1 << 20):
                pass
        writer.close()
    assert memory.used == 0


async def test_what_the_language_model_declines_is_marked() -> None:
    async with satellite_api(llm=ScriptedLlm([(Declined(text="No idea."),)])) as api:
        answer = await api.ask("POST", "/api/ask", json={"text": "what"})
        assert (answer.json["text"], answer.json["declined"]) == ("No idea.", True)


@pytest.mark.parametrize("kind", ["wav", "pcm", "riff"])
async def test_a_sound_is_recognized(kind: str) -> None:
    body, media = wav_bytes(AudioFormat(32_000, 2), SOUND * 4), "audio/wav"
    query = "language=de"
    if kind == "pcm":
        body, media, query = SOUND * 4, "audio/pcm", "rate=32000&channels=2"
    elif kind == "riff":
        media = "application/octet-stream"
    async with satellite_api(asr=ScriptedAsr(["turn|turn on"])) as api:
        headers = {"Content-Type": media}
        answer = await api.ask("POST", f"/api/transcribe?{query}", data=body, headers=headers)
        assert (answer.json["text"], answer.json["seconds"]) == ("turn on", 1.0)
        heard = api.engines.asr.heard[0]  # type: ignore[attr-defined]
        assert SPEECH.seconds(heard) == pytest.approx(1.0, abs=0.05)
        events = await api.ask(
            "POST", f"/api/transcribe?{query}", data=body, headers={**headers, **EVENTS}
        )
        assert [event["text"] for event in events.events] == ["turn", "turn on"]
        assert [event["event"] for event in events.events] == ["partial", "final"]


async def test_a_text_is_spoken_as_a_wav_file_of_unknown_length_or_bare_samples() -> None:
    async with satellite_api(tts=ScriptedTts(rate=22_050)) as api:
        answer = await api.ask("POST", "/api/speak", json={"text": "**one** [two](http://x)"})
        assert (answer.status, answer.kind) == (200, "audio/wav")
        assert struct.unpack_from("<I", answer.body, 40) == (0xFFFFFFFF,)
        form, audio = parse_wav(answer.body, "the answer")
        assert (form, form.seconds(audio)) == (AudioFormat(22_050), pytest.approx(0.2, abs=0.05))
        assert api.engines.tts.texts == ["one two"]  # type: ignore[attr-defined]
        asked = {"text": "one two", "format": "pcm", "rate": 16_000}
        bare = await api.ask("POST", "/api/speak", json=asked)
        assert bare.headers["Content-Type"] == "audio/pcm; rate=16000; channels=1"
        assert SPEECH.seconds(bare.body) == pytest.approx(form.seconds(audio), abs=0.01)


@pytest.mark.parametrize(
    ("path", "more", "status", "says"),
    [
        ("/api/ask", {"data": b"{}"}, 400, "text"),
        ("/api/ask", {"json": {"text": "x", "speed": 2}}, 400, "speed"),
        ("/api/ask", {"data": b"[" * 5000}, 400, "not as expected"),
        ("/api/ask", {"data": b" " * 70_000}, 413, "bytes of JSON"),
        ("/api/speak", {"json": {"text": "***"}}, 400, "no words"),
        ("/api/speak", {"json": {"text": "x", "format": "mp3"}}, 400, "format"),
        (
            "/api/transcribe",
            {"data": b"RIFF", "headers": {"Content-Type": "audio/wav"}},
            400,
            "WAV",
        ),
        (
            "/api/transcribe",
            {"data": b"x", "headers": {"Content-Type": "audio/mp3"}},
            415,
            "WAV|wav",
        ),
        ("/api/transcribe?rate=1", {"data": b"xxxx"}, 400, "rate"),
        ("/api/transcribe?rte=1", {"data": b"xxxx"}, 400, "rte"),
        ("/api/transcribe", {"data": b""}, 400, "no sound"),
    ],
)
async def test_a_wrong_request_is_explained(
    path: str, more: dict[str, Any], status: int, says: str
) -> None:
    async with satellite_api() as api:
        answer = await api.ask("POST", path, **more)
        assert answer.status == status
        assert any(word in answer.json["error"] for word in says.split("|"))


async def test_a_failure_is_the_answer_or_the_last_event() -> None:
    broken = ScriptedLlm([(), ("It is ",)], error=EngineFailed("the model is gone"))
    async with satellite_api(llm=broken, tts=ScriptedTts(error=EngineFailed("hoarse"))) as api:
        answer = await api.ask("POST", "/api/ask", json={"text": "a"}, headers=EVENTS)
        assert (answer.status, answer.json["error"]) == (502, "the model is gone")
        answer = await api.ask("POST", "/api/ask", json={"text": "b"}, headers=EVENTS)
        assert answer.status == 200
        assert answer.events[-1] == {
            "event": "error",
            "error": "the model is gone",
            "code": "failed",
        }
        with pytest.raises(Exception, match=r"payload|disconnected|Connection"):
            await api.ask("POST", "/api/speak", json={"text": "one"})


async def test_an_engine_stops_within_a_third_of_a_second_when_its_client_leaves() -> None:
    llm, tts, asr = (kind(hang=True) for kind in (ScriptedLlm, ScriptedTts, ScriptedAsr))
    async with satellite_api(llm=llm, tts=tts, asr=asr) as api:
        for engine, path, body, headers in (
            (llm, "/api/ask", b'{"text": "x"}', {}),
            (llm, "/api/ask", b'{"text": "x"}', EVENTS),
            (tts, "/api/speak", b'{"text": "x"}', {}),
            (asr, "/api/transcribe", SOUND, {"Content-Type": "audio/pcm"}),
            (asr, "/api/transcribe", SOUND, {"Content-Type": "audio/pcm", **EVENTS}),
        ):
            before = engine.stopped
            url = api.address + path
            leaving = asyncio.create_task(_post(api, url, body, headers))
            await until(lambda engine=engine: engine.running == 1)
            leaving.cancel()
            await asyncio.wait([leaving])
            left = asyncio.get_running_loop().time()
            await until(lambda engine=engine, before=before: engine.stopped > before)
            assert asyncio.get_running_loop().time() - left < 0.3


async def _post(api: Api, url: str, body: bytes, headers: dict[str, str]) -> None:
    async with api.session.post(url, data=body, headers=headers) as response:
        await response.read()


async def test_requests_beyond_a_few_are_refused_and_memory_is_returned() -> None:
    memory = MemoryBudget()
    gate = asyncio.Event()
    async with satellite_api(llm=ScriptedLlm(gate=gate), memory=memory) as api:
        url = f"{api.address}/api/ask"
        running = [
            asyncio.create_task(_post(api, url, b'{"text": "x"}', {})) for _ in range(AT_ONCE)
        ]
        await until(lambda: api.engines.llm.running == AT_ONCE)  # type: ignore[attr-defined]
        answer = await api.ask("POST", "/api/ask", json={"text": "x"})
        assert (answer.status, "try it later" in answer.json["error"]) == (503, True)
        gate.set()
        await asyncio.gather(*running)
    assert memory.used == 0


async def test_a_sound_is_counted_while_it_is_held() -> None:
    memory = MemoryBudget(1_200_000)
    async with satellite_api(asr=ScriptedAsr(hang=True), memory=memory) as api:
        raw = {"Content-Type": "audio/pcm"}
        url = f"{api.address}/api/transcribe"
        first = asyncio.create_task(_post(api, url, SOUND * 25, raw))
        await until(lambda: api.engines.asr.running == 1)  # type: ignore[attr-defined]
        assert memory.used == len(SOUND) * 25
        answer = await api.ask("POST", "/api/transcribe", data=SOUND * 4, headers=raw)
        assert answer.status == 503
        first.cancel()
        await until(lambda: memory.used == 0)


async def test_the_engines_are_listed() -> None:
    async with satellite_api() as api:
        listed = (await api.ask("GET", "/api/engines")).json
        assert listed["language"] == "en"
        assert [entry["role"] for entry in listed["engines"]] == ["asr", "llm", "tts"]
        assert listed["engines"][2]["engine"]["models"][0]["name"] == "script"


async def test_the_description_is_openapi_and_has_every_route() -> None:
    async with satellite_api() as api:
        description = (await api.ask("GET", "/api/openapi.json")).json
        assert description["openapi"].startswith("3.1.")
        assert set(description["paths"]) == {
            "/api/ask",
            "/api/engines",
            "/api/openapi.json",
            "/api/speak",
            "/api/transcribe",
        }
        for name, schema in description["components"]["schemas"].items():
            jsonschema.Draft202012Validator.check_schema(schema)
            assert schema.get("description"), name
        text = json.dumps(description)
        for reference in set(_references(description)):
            assert reference.startswith("#/components/schemas/")
            assert reference.rpartition("/")[2] in description["components"]["schemas"]
        assert '"summary": "Ask the language model' in text


def _references(value: Any) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


async def test_every_route_of_a_program_is_in_its_description() -> None:
    satellite = ScriptedSatellite(QUIET)
    memory = MemoryBudget()
    access = SatelliteEngines(
        QUIET, Engines(ScriptedAsr(), ScriptedLlm(), ScriptedTts()), satellite.context
    )
    routes = [
        *make_api_routes(satellite.parts.controls),
        *make_engine_routes(access, memory),
        *make_timer_routes(satellite.timers, "en", memory),
    ]
    runner = guarded_runner(Guard(None), routes, {"/metrics": lambda headers: Page(b"")})
    served = {
        (route.method.lower(), route.resource.canonical)
        for route in runner.app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    paths = describe(with_description([*routes, Route("GET", "/metrics", routes[0].handler)]))
    described = {(method, path) for path, methods in paths["paths"].items() for method in methods}
    assert served == described
    assert len(served) > 15
