"""OpenAI's API of a server, with scripted engines and the official client."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import jsonschema
import pytest

from satellite.audio.wavfile import parse_wav, wav_bytes
from satellite.errors import EngineFailed
from satellite.http.application import LINGER
from satellite.http.route import Route
from satellite.http.token import Token
from satellite.net.memory_budget import MemoryBudget
from satellite.values import SPEECH, Action, AudioFormat, Declined
from servers.api import form as form_module
from servers.api.pooled_engines import PooledEngines
from servers.api.routes import openai_routes
from servers.api.sound_files import WRITTEN, SoundWriter, read_sound
from servers.pool import LocalPool
from servers.serve.observer import Observer, RequestRecord
from tests.support.described_api import DescribedApi, engine_routes, served_routes
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.peers import until
from tests.support.speech import tone

openai = pytest.importorskip("openai", reason="pip install openai: the official client")

TONE = tone(1.0)


class Noted(Observer):
    """Remembers what is reported."""

    def __init__(self) -> None:
        self.records: list[RequestRecord] = []

    def finished(self, record: RequestRecord) -> None:
        self.records.append(record)


class Service:
    """An engine with its pool."""

    def __init__(self, role: str, engine: Any, workers: int, waiting: int) -> None:
        self.role, self.engine, self.observer = role, engine, Noted()
        self.pool = LocalPool(engine, workers, waiting)


class Api:
    """The API, its engines, and two clients of it."""

    def __init__(self, described: DescribedApi, services: dict[str, Service], key: str) -> None:
        self.ask, self.described = described.ask, described
        self.services = services
        self.engines: Any = {role: service.engine for role, service in services.items()}
        self.client = openai.AsyncOpenAI(
            base_url=f"{described.address}/v1", api_key=key, max_retries=0, timeout=20
        )


@asynccontextmanager
async def served(
    *,
    asr: Any = None,
    llm: Any = None,
    tts: Any = None,
    roles: Sequence[str] = ("asr", "llm", "tts"),
    workers: int = 2,
    waiting: int = 4,
    token: Token | None = None,
    key: str = "none",
    memory: MemoryBudget | None = None,
) -> AsyncGenerator[Api, None]:
    made = {
        "asr": asr or ScriptedAsr(["turn|turn on"]),
        "llm": llm or ScriptedLlm(),
        "tts": tts or ScriptedTts(rate=22_050),
    }
    services = {role: Service(role, made[role], workers, waiting) for role in roles}
    engines, budget = PooledEngines(services, "en"), memory or MemoryBudget()

    def make() -> Sequence[Route]:
        return openai_routes(engines, budget)

    async with (
        asyncio.timeout(30),
        served_routes(make, engine_routes(engines, budget), token=token) as described,
    ):
        api = Api(described, services, key)
        async with api.client:
            yield api


async def test_a_conversation_goes_on_whole_and_streamed() -> None:
    async with served() as api:
        messages = [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": "hi"},
            {"role": "user", "content": [{"type": "text", "text": "what time is it"}]},
        ]
        whole = await api.client.chat.completions.create(model="script", messages=messages)
        assert whole.choices[0].message.content == "It is seven o'clock."
        assert (whole.choices[0].finish_reason, whole.model) == ("stop", "script")
        asked = api.engines["llm"].requests[0]
        assert (asked.text, asked.model) == ("what time is it", "script")
        assert [message.text for message in asked.history] == ["hello", "hi"]
        assert asked.situation.persona == "Be brief."
        stream = await api.client.chat.completions.create(
            model="default", messages=messages, stream=True, temperature=0.2, max_tokens=20
        )
        pieces = [chunk.choices[0] async for chunk in stream]
        assert [piece.delta.content for piece in pieces if piece.delta.content] == [
            "It is ",
            "seven o'clock.",
        ]
        assert (pieces[0].delta.role, pieces[-1].finish_reason) == ("assistant", "stop")
        assert api.engines["llm"].requests[1].model is None
        records = api.services["llm"].observer.records
        assert [record.outcome for record in records] == ["done", "done"]


async def test_an_answer_ends_at_a_stop_text() -> None:
    async with served(llm=ScriptedLlm([("one tw", "o thr", "ee four")])) as api:
        answer = await api.ask(
            "POST",
            "/v1/chat/completions",
            json={"messages": [{"role": "user", "content": "count"}], "stop": ["three", "nine"]},
        )
        assert answer.json["choices"][0]["message"]["content"] == "one two "


@pytest.mark.parametrize(
    ("more", "param", "says"),
    [
        (
            {"tools": [{"type": "function", "function": {"name": "f"}}]},
            "tools",
            "leave `tools` out",
        ),
        ({"n": 2}, "n", "one answer"),
        ({"response_format": {"type": "json_object"}}, "response_format", "answers are text"),
        ({"logprobs": True}, "logprobs", "do not report"),
        ({"messages": []}, None, "not as expected"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "messages", "of the user"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages[0].content",
            "only texts",
        ),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role", "only messages"),
    ],
)
async def test_what_is_not_done_is_refused_in_openais_form(
    more: dict[str, Any], param: str | None, says: str
) -> None:
    async with served() as api:
        body = {"model": "", "messages": [{"role": "user", "content": "hi"}], **more}
        answer = await api.ask("POST", "/v1/chat/completions", json=body)
        problem = answer.json["error"]
        assert (answer.status, problem["type"]) == (400, "invalid_request_error")
        assert (problem["param"], says in problem["message"]) == (param, True)
        with pytest.raises(openai.BadRequestError):
            await api.client.chat.completions.create(**body)
        assert not api.engines["llm"].requests


async def test_tools_that_must_not_be_called_do_no_harm() -> None:
    async with served() as api:
        tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
        answer = await api.client.chat.completions.create(
            model="script",
            messages=[{"role": "user", "content": "hi"}],
            tools=[tool],
            tool_choice="none",
        )
        assert answer.choices[0].message.content


async def test_what_only_a_satellite_can_do_is_not_claimed() -> None:
    timer = Action(name="timer.start", data={"seconds": 60})
    replies = [(timer, "One minute."), ("Yes", timer), (Declined(text="No idea."),)]
    async with served(llm=ScriptedLlm(replies)) as api:
        messages = [{"role": "user", "content": "one minute"}]
        body = {"model": "script", "messages": messages}
        with pytest.raises(openai.BadRequestError, match=r"asks a satellite for timer\.start"):
            await api.client.chat.completions.create(**body)
        stream = await api.client.chat.completions.create(**body, stream=True)
        with pytest.raises(openai.APIError, match=r"timer\.start"):
            _ = [chunk async for chunk in stream]
        declined = await api.client.chat.completions.create(**body)
        assert declined.choices[0].message.content == "No idea."


async def test_the_models_and_voices_are_listed_and_others_refused() -> None:
    async with served() as api:
        listed = [model async for model in api.client.models.list()]
        assert [(model.id, model.owned_by) for model in listed] == [
            ("script", "satellite"),
            ("scriptedtts", "satellite"),
        ]
        assert (await api.client.models.retrieve("script")).id == "script"
        with pytest.raises(openai.NotFoundError, match="scriptedtts"):
            await api.client.models.retrieve("scriptdtts")
        with pytest.raises(openai.NotFoundError, match="model gpt-4 is unknown"):
            await api.client.chat.completions.create(
                model="gpt-4", messages=[{"role": "user", "content": "hi"}]
            )
        with pytest.raises(openai.NotFoundError, match="voice other is unknown"):
            await api.client.audio.speech.create(model="tts-1", voice="other", input="hi")
        voices = (await api.ask("GET", "/v1/audio/voices")).json["voices"]
        assert [voice["id"] for voice in voices] == ["script"]


@pytest.mark.parametrize("kind", ["json", "text", "verbose_json"])
async def test_a_file_is_recognized(kind: str) -> None:
    async with served() as api:
        file = ("speech.wav", wav_bytes(SPEECH, TONE), "audio/wav")
        answer = await api.client.audio.transcriptions.create(
            model="whisper-1", file=file, response_format=kind, language="de", prompt="lamp"
        )
        assert (answer if isinstance(answer, str) else answer.text).strip() == "turn on"
        if kind == "verbose_json":
            assert (answer.duration, answer.language) == (1.0, "de")
        assert api.engines["asr"].requests[0].language == "de"


async def test_a_recognition_is_streamed() -> None:
    async with served() as api:
        stream = await api.client.audio.transcriptions.create(
            model="script", file=("a.wav", wav_bytes(SPEECH, TONE)), stream=True
        )
        events = [event async for event in stream]
        assert [getattr(event, "delta", "") for event in events] == ["turn", " on", ""]
        assert (events[-1].type, events[-1].text) == ("transcript.text.done", "turn on")


@pytest.mark.parametrize("kind", ["mp3", "opus", "flac", "aac"])
def test_compressed_files_are_written_and_read(kind: str) -> None:
    pytest.importorskip("av", reason="pip install 'satellite-voice[server]'")
    form = AudioFormat(22_050)
    writer = SoundWriter(kind, form)
    audio = tone(2.0 * 22_050 / 16_000)
    content = b"".join(
        writer.write(audio[start : start + 9000]) for start in range(0, len(audio), 9000)
    )
    assert kind == "flac" or content  # sent while it is made
    content += writer.close()
    shape, read = read_sound(content, 10.0)
    assert shape == SPEECH
    assert shape.seconds(read) == pytest.approx(2.0, abs=0.15)
    with pytest.raises(Exception, match="longer than 1 s"):
        read_sound(content, 1.0)


async def test_speech_is_sent_in_every_format() -> None:
    pytest.importorskip("av", reason="pip install 'satellite-voice[server]'")
    async with served() as api:
        for kind in ("wav", "pcm", *WRITTEN):
            speech = await api.client.audio.speech.create(
                model="tts-1", voice="alloy", input="one two **three**", response_format=kind
            )
            form, audio = AudioFormat(24_000), speech.content
            if kind == "wav":
                form, audio = parse_wav(audio, "the answer")
            elif kind != "pcm":
                form, audio = read_sound(audio, 10.0)
            assert form.seconds(audio) == pytest.approx(0.3, abs=0.12), kind
        assert set(api.engines["tts"].texts) == {"one two three"}
        fast = await api.client.audio.speech.create(
            model="", voice="", input="one " * 20, response_format="pcm", speed=2.0
        )
        assert AudioFormat(24_000).seconds(fast.content) == pytest.approx(1.0, abs=0.15)
        async with api.client.audio.speech.with_streaming_response.create(
            model="scriptedtts", voice="script", input="one"
        ) as streamed:
            assert streamed.headers["Content-Type"] == "audio/mpeg"
            assert [block async for block in streamed.iter_bytes()]


@pytest.mark.parametrize(
    ("fields", "file", "status", "says"),
    [
        ({}, b"", 400, "no file"),
        ({}, b"\x00" * 100, 400, "none of wav"),
        ({}, b"OggS" + b"\x00" * 100, 400, "cannot be read"),
        ({}, b"#EXTM3U\nfile:///etc/passwd\n", 400, "none of wav"),
        ({"response_format": "srt"}, b"RIFF", 400, "report no times"),
        ({"response_format": "xml"}, b"RIFF", 400, "json, text or verbose_json"),
        ({"stream": "maybe"}, b"RIFF", 400, "not as expected"),
        ({"model": "nova-3"}, b"RIFF", 404, "unknown"),
        ({"x": "y" * 70_000}, b"RIFF", 413, ""),
    ],
)
async def test_a_wrong_form_is_explained(
    fields: dict[str, str], file: bytes, status: int, says: str
) -> None:
    async with served() as api:
        form = aiohttp.FormData(fields)
        if file:
            form.add_field("file", io.BytesIO(file), filename="a.wav")
        else:
            form.add_field("other", b"", filename="a.wav")
        answer = await api.ask("POST", "/v1/audio/transcriptions", data=form)
        assert (answer.status, says in answer.json["error"]["message"]) == (status, True)
        assert not api.engines["asr"].requests


FILE = 'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n'
MALFORMED = {
    "a long header": f"--b\r\n{FILE}X: {'y' * 20_000}\r\n\r\nRIFF\r\n--b--\r\n",
    "many headers": f"--b\r\n{FILE}{'X: y' * 300}\r\n\r\nRIFF\r\n--b--\r\n".replace(
        "X: y", "X: y\r\n"
    ),
    "a header without a colon": f"--b\r\n{FILE}X\r\n\r\nRIFF\r\n--b--\r\n",
    "a header with a zero byte": f"--b\r\n{FILE}X: \0\r\n\r\nRIFF\r\n--b--\r\n",
    "a length that is no number": f"--b\r\n{FILE}Content-Length: x\r\n\r\nRIFF\r\n--b--\r\n",
    "a negative length": f"--b\r\n{FILE}Content-Length: -5\r\n\r\nRIFF\r\n--b--\r\n",
    "a length beyond the end": f"--b\r\n{FILE}Content-Length: 99999\r\n\r\nRIFF\r\n--b--\r\n",
    "an unknown transfer encoding": (
        f"--b\r\n{FILE}Content-Transfer-Encoding: x\r\n\r\nRIFF\r\n--b--\r\n"
    ),
    "an unknown content encoding": f"--b\r\n{FILE}Content-Encoding: x\r\n\r\nR\r\n--b--\r\n",
    "no end": f"--b\r\n{FILE}\r\nRIFF",
    "another boundary": f"--c\r\n{FILE}\r\nRIFF\r\n--c--\r\n",
    "a form in the form": "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n",
    "nothing": "",
}


@pytest.mark.parametrize("what", MALFORMED)
async def test_a_malformed_form_is_a_mistake_of_its_sender(what: str) -> None:
    async with served() as api:
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        body = MALFORMED[what].encode()
        answer = await api.ask("POST", "/v1/audio/transcriptions", data=body, headers=kind)
        assert answer.status == 400, what
        assert len(answer.json["error"]["message"]) < 400
        assert not api.engines["asr"].requests


async def test_a_form_is_bounded_while_it_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form_module, "LARGEST", 100_000)
    memory = MemoryBudget()
    async with served(memory=memory) as api:
        url = "/v1/audio/transcriptions"
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(bytes(200_000)), filename="a.wav")
        assert (await api.ask("POST", url, data=form)).status == 413
        many = aiohttp.FormData({f"x{number}": "y" for number in range(40)})
        many.add_field("file", b"RIFF", filename="a.wav")
        answer = await api.ask("POST", url, data=many)
        assert (answer.status, "more than 32 fields" in answer.json["error"]["message"]) == (
            400,
            True,
        )
        monkeypatch.setattr(form_module, "PATIENCE", 0.2)

        async def drops() -> AsyncGenerator[bytes, None]:
            yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
            await asyncio.sleep(5)
            yield b"--b--"

        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        began = asyncio.get_running_loop().time()
        slow = await api.ask("POST", url, data=drops(), headers=kind)
        assert slow.status == 408
        assert asyncio.get_running_loop().time() - began < 4
        assert memory.used == 0
        assert not api.engines["asr"].requests
    await asyncio.sleep(LINGER + 0.2)  # in which the rest of a refused request is dropped


async def test_a_role_without_an_engine_is_named() -> None:
    async with served(roles=("tts",)) as api:
        with pytest.raises(openai.NotFoundError, match="llm is not served here"):
            await api.client.chat.completions.create(
                model="x", messages=[{"role": "user", "content": "hi"}]
            )
        assert (await api.ask("POST", "/api/ask", json={"text": "x"})).status == 404


async def test_the_key_is_the_token() -> None:
    token = Token("0123456789abcdef0123")
    async with served(token=token, key="wrong-wrong-wrong") as api:
        with pytest.raises(openai.AuthenticationError, match="send the token"):
            await api.client.models.list()
    async with served(token=token, key="0123456789abcdef0123") as api:
        assert [model.id async for model in api.client.models.list()]


async def test_what_is_not_served_is_refused_in_the_same_form() -> None:
    async with served() as api:
        with pytest.raises(openai.NotFoundError) as unknown:
            await api.client.embeddings.create(model="x", input="one")
        assert unknown.value.body == {
            "message": "Not Found",
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        }
        async with api.described.session.get(
            api.described.address + "/v1/chat/completions"
        ) as wrong:
            assert (wrong.status, wrong.headers["Allow"]) == (405, "POST")
            assert (await wrong.json())["error"]["type"] == "invalid_request_error"
        async with api.described.session.get(api.described.address + "/api/nothing") as other:
            assert await other.json() == {"error": "Not Found"}


async def test_requests_wait_in_the_engines_pool_and_are_refused_beyond_it() -> None:
    gate = asyncio.Event()
    async with served(llm=ScriptedLlm(gate=gate), workers=1, waiting=1) as api:
        body: Any = {"model": "script", "messages": [{"role": "user", "content": "hi"}]}
        running = [asyncio.create_task(api.client.chat.completions.create(**body)) for _ in "ab"]
        pool = api.services["llm"].pool
        await until(lambda: (pool.running, pool.queued) == (1, 1))
        with pytest.raises(openai.InternalServerError, match="try again later"):
            await api.client.chat.completions.create(**body)
        gate.set()
        await asyncio.gather(*running)


async def test_an_engine_stops_when_its_client_leaves() -> None:
    memory = MemoryBudget()
    asr, llm, tts = (kind(hang=True) for kind in (ScriptedAsr, ScriptedLlm, ScriptedTts))
    async with served(asr=asr, llm=llm, tts=tts, memory=memory) as api:
        client, messages = api.client, [{"role": "user", "content": "hi"}]
        file = ("a.wav", wav_bytes(SPEECH, TONE))
        for engine, work in (
            (llm, client.chat.completions.create(model="", messages=messages)),
            (llm, client.chat.completions.create(model="", messages=messages, stream=True)),
            (tts, client.audio.speech.create(model="", voice="", input="one")),
            (asr, client.audio.transcriptions.create(model="", file=file)),
            (asr, client.audio.transcriptions.create(model="", file=file, stream=True)),
        ):
            before = engine.stopped
            leaving = asyncio.create_task(_read(work))
            await until(lambda engine=engine: engine.running == 1)
            leaving.cancel()
            await asyncio.wait([leaving])
            left = asyncio.get_running_loop().time()
            await until(lambda engine=engine, before=before: engine.stopped > before)
            assert asyncio.get_running_loop().time() - left < 0.3
        await until(lambda: memory.used == 0)
        outcomes = [record.outcome for record in api.services["asr"].observer.records]
        assert outcomes == ["cancelled", "cancelled"]


async def test_an_utterance_that_was_transcribed_counts_as_done() -> None:
    async with served() as api:
        file = ("a.wav", wav_bytes(SPEECH, TONE))
        await api.client.audio.transcriptions.create(model="", file=file)
        records = api.services["asr"].observer.records
        assert [record.outcome for record in records] == ["done"]


async def _read(work: Any) -> None:
    answer = await work
    if isinstance(answer, openai.AsyncStream):
        _ = [event async for event in answer]


async def test_a_failure_in_the_middle_reaches_the_client() -> None:
    llm = ScriptedLlm([("It is ",)], error=EngineFailed("the model is gone"))
    async with served(llm=llm) as api:
        stream = await api.client.chat.completions.create(
            model="", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        with pytest.raises(openai.APIError, match="the model is gone"):
            _ = [chunk async for chunk in stream]
        assert api.services["llm"].observer.records[0].outcome == "failed"


async def test_every_route_is_described_and_its_answers_fit() -> None:
    async with served() as api:
        file = aiohttp.FormData({"response_format": "verbose_json"})
        file.add_field("file", io.BytesIO(wav_bytes(SPEECH, TONE)), filename="a.wav")
        chat = {"messages": [{"role": "user", "content": "hi"}]}
        for method, path, more in (
            ("GET", "/v1/models", {}),
            ("GET", "/v1/models/script", {}),
            ("GET", "/v1/audio/voices", {}),
            ("POST", "/v1/chat/completions", {"json": chat}),
            ("POST", "/v1/chat/completions", {"json": {**chat, "stream": True}}),
            ("POST", "/v1/audio/transcriptions", {"data": file}),
            ("POST", "/v1/audio/speech", {"json": {"input": "one", "response_format": "wav"}}),
            ("GET", "/api/engines", {}),
            ("POST", "/api/ask", {"json": {"text": "hi"}}),
            ("POST", "/api/speak", {"json": {"text": "hi"}}),
            ("POST", "/api/transcribe", {"data": TONE, "headers": {"Content-Type": "audio/pcm"}}),
            ("GET", "/api/openapi.json", {}),
        ):
            assert (await api.ask(method, path, **more)).status == 200, path
        described = {
            (method, path)
            for path, methods in api.described.description["paths"].items()
            for method in methods
        }
        assert described == api.described.checked
        for schema in api.described.description["components"]["schemas"].values():
            jsonschema.Draft202012Validator.check_schema(schema)
