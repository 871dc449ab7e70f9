"""Remote engines understand services of other projects, and their failures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from wyoming.event import Event

from satellite.errors import BadFrame, EngineBusy, EngineFailed, PeerClosed
from satellite.values import Action, Declined
from tests.net.asking import FIRST, answers

AUDIO = {"rate": 22050, "width": 2, "channels": 1}
HELLO = Event("transcript", {"text": "hello"})


ASR: list[tuple[dict[str, Sequence[Event | None]], list[tuple[str, bool]]]] = [
    ({"audio-stop": [HELLO]}, [("hello", True)]),
    ({"audio-start": [HELLO, None]}, [("hello", True)]),
    (
        {
            "audio-chunk": [
                Event("transcript-start"),
                Event("transcript-chunk", {"text": "hel"}),
                Event("transcript-chunk", {"text": "lo"}),
            ],
            "audio-stop": [Event("news"), HELLO, Event("transcript-stop")],
        },
        [("hel", False), ("hello", False), ("hello", True)],
    ),
]


@pytest.mark.parametrize(("script", "expected"), ASR)
async def test_transcripts_of_foreign_services(
    script: Any, expected: list[tuple[str, bool]]
) -> None:
    """At the end, before the end of the audio (then hanging up), and in pieces."""
    assert [(item.text, item.final) for item in await answers("asr", script)] == expected


LLM: list[tuple[list[Event], list[Any]]] = [
    ([Event("handled", {"text": "Yes."})], ["Yes."]),
    ([Event("handled")], []),
    ([Event("not-handled", {"text": "Pardon?"})], [Declined(text="Pardon?")]),
    ([Event("not-recognized")], [Declined(text="")]),
    (
        [Event("handled-start"), Event("handled-chunk", {"text": "A "}),
         Event("handled-chunk", {"text": "b."}), Event("handled-stop")],
        ["A ", "b."],
    ),
    (
        [Event("handled-chunk", {"text": "A"}), Event("handled", {"text": "A"})],
        ["A"],
    ),
    (
        [Event("intent", {"name": "On", "entities": [{"name": "x", "value": 1}], "text": "Done"})],
        [Action(name="On", data={"x": 1}), "Done"],
    ),
    (
        [Event("intents-start"), Event("intent", {"name": "A"}), Event("intent", {"name": "B"}),
         Event("intents-stop")],
        [Action(name="A"), Action(name="B")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "expected"), LLM)
async def test_replies_of_foreign_services(reply: list[Event], expected: list[Any]) -> None:
    assert await answers("llm", {"transcript": reply}) == expected


async def test_speech_of_foreign_services() -> None:
    speech = [
        Event("audio-start", dict(AUDIO)),
        Event("audio-chunk", dict(AUDIO), b"abcd"),
        Event("audio-chunk", dict(AUDIO)),
        Event("audio-stop"),
    ]
    (chunk,) = await answers("tts", {"synthesize": speech})
    assert (chunk.audio, chunk.format.rate) == (b"abcd", 22050)
    assert await answers("tts", {"synthesize": [Event("synthesize-stopped")]}) == []
    wide = Event("audio-chunk", {**AUDIO, "width": 5}, b"abcde")
    with pytest.raises(BadFrame, match="40 bits"):
        await answers("tts", {"synthesize": [wide]})


async def test_wake_words_of_foreign_services() -> None:
    """A timestamp becomes a sample; no timestamp means now."""
    timed = Event("detection", {"name": "w", "timestamp": 50})
    (found,) = await answers(
        "wake", {"audio-chunk": [timed], "audio-stop": [Event("not-detected")]}
    )
    assert (found.word, found.sample) == ("w", 800)
    bare = Event("detection", {"name": None})
    (found,) = await answers("wake", {"audio-stop": [bare, Event("not-detected")]})
    assert (found.word, found.sample) == ("", 1600)


async def test_a_foreign_service_that_sends_no_end_is_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("satellite.net.remotes.wake._TAIL", 0.01)
    monkeypatch.setattr("satellite.net.remotes.wake._SILENT", 0.01)
    assert await answers("wake", {}) == []
    heard = Event("detection", {"name": "w"})
    assert len(await answers("wake", {"audio-start": [heard]})) == 1


FAILURES = [
    ([Event("error", {"text": "full", "code": "busy"})], EngineBusy),
    ([Event("error", {"text": "own", "code": "own"})], EngineFailed),
    ([None], PeerClosed),
    ([Event("error")], EngineFailed),
]


@pytest.mark.parametrize("role", FIRST)
@pytest.mark.parametrize(("script", "error"), FAILURES)
async def test_failures_of_foreign_services(
    role: str, script: list[Event | None], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await answers(role, {FIRST[role]: script})


@pytest.mark.parametrize(("role", "event"), [("asr", "transcript"), ("llm", "handled-chunk")])
async def test_malformed_answers_are_refused(role: str, event: str) -> None:
    with pytest.raises(BadFrame, match="text"):
        await answers(role, {FIRST[role]: [Event(event, {"text": 5})]})
