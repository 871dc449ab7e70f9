"""Descriptions survive the conversion to an `info` event, and Home Assistant finds its fields."""

from __future__ import annotations

import msgspec
import pytest
from wyoming.event import Event
from wyoming.info import Attribution, Info, IntentModel, IntentProgram, Satellite, TtsProgram

from satellite.errors import EngineFailed
from satellite.net import info
from satellite.ports import ENGINE_ROLES
from satellite.values import EngineInfo, ModelInfo

ENGINE = EngineInfo(
    name="an engine",
    description="does things",
    version="1.2",
    author="Ada",
    url="https://example.org",
    models=(
        ModelInfo(name="one", languages=("en", "de"), description="large", version="3"),
        ModelInfo(name="two", languages=("fr",), installed=False),
    ),
    streaming=True,
)
WORDS = ModelInfo(name="okay_nabu", phrase="okay nabu")
VOICE = ModelInfo(name="alba", speakers=("a", "b"))


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("role", ENGINE_ROLES)
def test_a_description_survives_the_round_trip(role: str, streaming: bool) -> None:
    extra = {"wake": (WORDS,), "tts": (VOICE,)}.get(role, ())
    engine = msgspec.structs.replace(
        ENGINE,
        models=(*ENGINE.models, *extra),
        streaming=streaming,
        home_control=role == "llm" and streaming,
    )
    event = info.to_event(role, engine)
    assert info.engine_info(role, event) == engine
    assert info.is_ours(info.from_event(event))
    assert info.roles(info.from_event(event)) == (role,)


def test_home_assistant_finds_its_fields() -> None:
    asr = info.to_event("asr", ENGINE).data["asr"][0]
    assert (asr["supports_transcript_streaming"], asr["requires_external_vad"]) == (True, True)
    handle = info.to_event("llm", ENGINE).data["handle"][0]
    assert (handle["supports_handled_streaming"], handle["supports_home_control"]) == (True, False)
    tts = info.to_event("tts", EngineInfo(name="e", models=(VOICE,))).data["tts"][0]
    assert tts["supports_synthesize_streaming"]
    assert [speaker["name"] for speaker in tts["voices"][0]["speakers"]] == ["a", "b"]
    wake = info.to_event("wake", EngineInfo(name="e", models=(WORDS,))).data["wake"][0]
    assert wake["models"][0]["phrase"] == "okay nabu"
    for program in (asr, handle, tts, wake):
        assert program["attribution"]["name"] == "Satellite"
        assert program["installed"]


def test_a_foreign_service_is_read_and_not_taken_for_ours() -> None:
    them = Attribution("them", "https://them.example")
    missing = TtsProgram("not here", them, False, None, None, voices=[])
    there = TtsProgram(
        "piper", them, True, None, "9", voices=[], supports_synthesize_streaming=True
    )
    event = Info(tts=[missing, there]).event()
    assert not info.is_ours(info.from_event(event))
    found = info.engine_info("tts", event)
    assert (found.name, found.author, found.streaming) == ("piper", "them", True)


def test_an_intent_service_counts_as_llm() -> None:
    them = Attribution("them", "")
    model = IntentModel("m", them, True, None, None, languages=["en"])
    event = Info(intent=[IntentProgram("rhasspy", them, True, None, None, models=[model])]).event()
    assert info.roles(info.from_event(event)) == ("llm",)
    assert info.engine_info("llm", event).models[0].name == "m"


@pytest.mark.parametrize(
    ("event", "offer"),
    [
        (info.to_event("tts", ENGINE), "tts"),
        (
            Info(satellite=Satellite("s", Attribution("a", ""), True, None, None)).event(),
            "a satellite",
        ),
        (Info().event(), "nothing"),
        (Event("info"), "nothing"),
    ],
)
def test_a_missing_role_is_reported_with_the_roles_on_offer(event: Event, offer: str) -> None:
    with pytest.raises(EngineFailed, match=f"has no asr .it has {offer}"):
        info.engine_info("asr", event)
