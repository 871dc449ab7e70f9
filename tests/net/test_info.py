"""Descriptions survive the conversion to an `info` event, and Home Assistant finds its fields."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wyoming.event import Event
from wyoming.info import Attribution, Info, IntentModel, IntentProgram, Satellite, TtsProgram

from satellite.errors import BadFrame, EngineFailed
from satellite.net import info
from satellite.net.discovery.remote_service import read_service
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


MADE = {
    "attribution": {"name": "", "url": ""},
    "installed": True,
    "description": "x",
    "version": "1",
}
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


def own_shape(fields: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return tables of these fields in which any field may be missing or of another shape."""
    shapes = {
        key: (value if isinstance(value, st.SearchStrategy) else st.just(value)) | JUNK
        for key, value in fields.items()
    }
    return st.fixed_dictionaries({}, optional=shapes) | st.fixed_dictionaries(shapes)


LANGUAGES = st.just(["en"]) | st.just({"en": "English"})
SPEAKERS = st.lists(own_shape({"name": "s"}), max_size=2)
MODEL = own_shape(
    {"name": "m", **MADE, "languages": LANGUAGES, "phrase": "hey", "speakers": SPEAKERS}
)
MODELS = st.lists(MODEL, max_size=2)
PROGRAM = own_shape({"name": "p", **MADE, "models": MODELS, "voices": MODELS, "maker": JUNK})
SATELLITE = own_shape({"name": "s", **MADE, "area": "a", "snd_format": JUNK, "max_active": 1})
DOMAINS = ("asr", "tts", "handle", "intent", "wake", "mic", "snd")
INFO = own_shape({**dict.fromkeys(DOMAINS, st.lists(PROGRAM, max_size=2)), "satellite": SATELLITE})


@given(data=INFO)
def test_any_description_is_read_or_refused(data: Any) -> None:
    if not isinstance(data, dict):
        return  # frames with other data are refused before
    event = Event("info", data)
    for role in ENGINE_ROLES:
        try:
            engine = info.engine_info(role, event)
        except (BadFrame, EngineFailed):
            continue
        assert all(isinstance(language, str) for one in engine.models for language in one.languages)
    try:
        read_service("someone asr", "tcp://h:1", event, 0.1)
    except BadFrame:
        pass


@pytest.mark.parametrize(
    ("programs", "why"),
    [
        ({"name": "x"}, "info.asr is a table, not a list"),
        ("x", "info.asr is a text, not a list"),
        ([None], r"info.asr\[0\] is null, not a table"),
        ([{**MADE, "models": []}], r"info.asr\[0\] lacks name"),
        ([{"name": 5, **MADE, "models": []}], r"asr\[0\].name is a whole number, not a text"),
        ([{"name": "x", **MADE, "models": {"m": {}}}], r"asr\[0\].models is a table, not a list"),
        ([{"name": "x", **MADE, "models": None}], r"asr\[0\] lacks models"),
        (
            [{"name": "x", **MADE, "attribution": "me", "models": []}],
            r"attribution is a text, not a table",
        ),
        (
            [{"name": "x", **MADE, "models": [{"name": "m", **MADE, "languages": "en"}]}],
            r"asr\[0\].models\[0\].languages is a text, not a list",
        ),
    ],
)
def test_a_malformed_description_is_refused_with_its_place(programs: Any, why: str) -> None:
    with pytest.raises(BadFrame, match=why):
        info.engine_info("asr", Event("info", {"asr": programs}))


def test_null_is_missing_at_every_level() -> None:
    model = {"name": "m", **MADE, "description": None, "languages": ["en"]}
    program = {"name": "x", **MADE, "version": None, "models": [model], "extra": None}
    event = Event("info", {"asr": [program], "satellite": None})
    assert info.engine_info("asr", event).models == (
        ModelInfo(name="m", languages=("en",), version="1"),
    )
