"""Assist pipelines of a Home Assistant: creating and running them, and reading their events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from tests.homeassistant.real.api import Api, Json

RATE = 16000
_PIECE = 2 * RATE * 32 // 1000
"""Bytes of 32 ms: the chunk of Home Assistant's own devices."""
_TAIL = 4.0
"""Seconds of silence after the speech, in which its end must be detected."""
_RUN = 60.0
"""Seconds of one run."""


class Run(msgspec.Struct, frozen=True):
    """The events of a pipeline run, in order."""

    events: list[Json]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    @property
    def error(self) -> Json | None:
        return self._data("error")

    @property
    def transcript(self) -> str | None:
        found = self._data("stt-end")
        return str(found["stt_output"]["text"]) if found else None

    @property
    def wake_word(self) -> str | None:
        found = self._data("wake_word-end")
        return found["wake_word_output"].get("wake_word_id") if found else None

    @property
    def reply(self) -> Json:
        """The intent's output: `response`, `conversation_id`, …"""
        found = self._data("intent-end")
        assert found, self.events
        return dict(found["intent_output"])

    @property
    def response(self) -> str | None:
        """The text of the answer."""
        return (self.reply["response"]["speech"].get("plain") or {}).get("speech")

    @property
    def url(self) -> str:
        """The address of the speech."""
        found = self._data("tts-end")
        assert found, self.events
        return str(found["tts_output"]["url"])

    def _data(self, kind: str) -> Json | None:
        found = [event["data"] for event in self.events if event["type"] == kind]
        return found[0] if found else None


async def create(
    api: Api,
    *,
    stt: str | None = None,
    tts: str | None = None,
    wake: str | None = None,
    agent: str | None = None,
    language: str = "en",
    word: str = "okay_nabu",
) -> str:
    """Create a pipeline of these entities, make it the preferred one, and return its id.

    The languages of the engines are looked for as the user interface does. Raises
    `AssertionError` where an engine does not speak the language.
    """
    stt_language = await offered(api, "stt/engine/list", "providers", stt, language)
    tts_language = await offered(api, "tts/engine/list", "providers", tts, language)
    agent = agent or await built_in_agent(api)
    made = await api.call(
        "assist_pipeline/pipeline/create",
        name="Ours",
        language=language,
        conversation_engine=agent,
        conversation_language=await offered(
            api, "conversation/agent/list", "agents", agent, language
        ),
        stt_engine=stt,
        stt_language=stt_language,
        tts_engine=tts,
        tts_language=tts_language,
        tts_voice=None,
        wake_word_entity=wake,
        wake_word_id=word if wake else None,
    )
    identity = str(made["id"])
    await api.call("assist_pipeline/pipeline/set_preferred", pipeline_id=identity)
    return identity


async def update(api: Api, pipeline: str, **fields: Any) -> None:
    """Change a pipeline."""
    listed = (await api.call("assist_pipeline/pipeline/list"))["pipelines"]
    (now,) = [dict(item) for item in listed if item["id"] == pipeline]
    del now["id"]
    await api.call("assist_pipeline/pipeline/update", pipeline_id=pipeline, **{**now, **fields})


async def built_in_agent(api: Api) -> str:
    """Return the id of Home Assistant's own conversation agent."""
    agents = (await api.call("conversation/agent/list"))["agents"]
    own = ("homeassistant", "conversation.home_assistant")
    return next(str(agent["id"]) for agent in agents if agent["id"] in own)


async def offered(api: Api, kind: str, key: str, entity: str | None, language: str) -> str | None:
    """Return the entry of an engine's list for `language` (`en` or `en-US`); None without
    an engine."""
    if entity is None:
        return None
    listed = (await api.call(kind, language=language))[key]
    (engine,) = [item for item in listed if entity in (item.get("engine_id"), item.get("id"))]
    languages = engine["supported_languages"]
    if languages == "*":
        return language
    short = language.partition("-")[0]
    near = [it for it in languages if it.replace("_", "-").partition("-")[0] == short]
    assert near, f"{entity} speaks {languages}, not {language}"
    return language if language in near else str(near[0])


async def run(
    api: Api,
    pipeline: str,
    start: str,
    end: str,
    *,
    text: str | None = None,
    audio: bytes = b"",
    **more: Any,
) -> Run:
    """Run a pipeline from a stage to another one, with a text or with 16 kHz mono speech.

    Speech is sent as fast as it is spoken, and silence after it.
    """
    wants: Json = {"text": text} if text is not None else {"sample_rate": RATE}
    if start == "wake_word":
        wants["timeout"] = 10
    fields = {"start_stage": start, "end_stage": end, "pipeline": pipeline, **more}
    events: list[Json] = []
    async with (
        asyncio.timeout(_RUN + 10),
        api.stream("assist_pipeline/run", input=wants, timeout=_RUN, **fields) as queue,
        _speaking(api) as speak,
    ):
        while "run-end" not in [event["type"] for event in events]:
            event = await queue.get()
            event["data"] = event.get("data") or {}
            events.append(event)
            if event["type"] == "run-start" and text is None:
                speak(event["data"]["runner_data"]["stt_binary_handler_id"], audio)
            elif event["type"] in ("stt-end", "error"):
                speak(None, b"")
    return Run(events)


@asynccontextmanager
async def _speaking(api: Api) -> AsyncIterator[Any]:
    """Yield a function that sends sound during the block; None ends the sound."""
    task: asyncio.Task[None] | None = None

    def speak(handler: int | None, audio: bytes) -> None:
        nonlocal task
        if task is not None:
            task.cancel()
        if handler is not None:
            task = asyncio.create_task(_send(api, bytes([handler]), audio))

    try:
        yield speak
    finally:
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _send(api: Api, head: bytes, audio: bytes) -> None:
    whole = audio + bytes(2 * round(_TAIL * RATE))
    clock = asyncio.get_running_loop().time
    began = clock()
    for start in range(0, len(whole), _PIECE):
        await asyncio.sleep(began + start / (2 * RATE) - clock())
        await api.send(head + whole[start : start + _PIECE])
    await api.send(head)
