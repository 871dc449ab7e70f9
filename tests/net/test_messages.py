"""Events of peers are checked against their types: malformed events are refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wyoming import asr, audio, handle, ping, tts, wake
from wyoming.event import Event
from wyoming.info import Info

from satellite.errors import BadFrame, EngineBusy, EngineFailed
from satellite.net.messages import error_of, read

KINDS = [
    asr.Transcribe, asr.Transcript, asr.TranscriptChunk, audio.AudioChunk, audio.AudioStart,
    handle.Handled, handle.HandledChunk, handle.NotHandled, ping.Ping, tts.Synthesize,
    tts.SynthesizeStart, wake.Detect, wake.Detection, Info,
]  # fmt: skip
KEYS = ("text", "name", "names", "language", "rate", "width", "channels", "timestamp", "voice")
JUNK = st.recursive(
    st.none() | st.integers() | st.text(max_size=3) | st.floats(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=4,
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.dictionaries(st.sampled_from((*KEYS, "asr", "tts", "context")), JUNK))
def test_any_data_is_read_or_refused(kind: Any, data: dict[str, Any]) -> None:
    try:
        read(kind, Event("junk", data))
    except BadFrame:
        pass


@pytest.mark.parametrize(
    ("kind", "data", "why"),
    [
        (asr.Transcript, {}, 'lacks "text"'),
        (asr.Transcript, {"text": 5}, "text of the wrong type"),
        (asr.Transcribe, {"transcript_names": ["a", 1]}, "transcript_names of the wrong type"),
        (audio.AudioStart, {"rate": True, "width": 2, "channels": 1}, "rate of the wrong type"),
        (tts.Synthesize, {"text": "a", "voice": {"name": 5}}, "voice of the wrong type"),
        (Info, {"asr": [{"name": "x"}]}, "malformed"),
    ],
)
def test_the_malformed_field_is_named(kind: Any, data: dict[str, Any], why: str) -> None:
    with pytest.raises(BadFrame, match=why):
        read(kind, Event("thing", data))


def test_null_counts_as_missing_and_fractional_timestamps_are_ignored() -> None:
    data = {"rate": 16000, "width": 2, "channels": 1, "timestamp": 1.25, "context": None}
    assert read(audio.AudioStart, Event("audio-start", data)).timestamp is None
    assert read(wake.Detect, Event("detect", {"names": None})).names is None


def test_error_events_become_exceptions_by_their_code() -> None:
    assert type(error_of(Event("error", {"text": "later", "code": "busy"}))) is EngineBusy
    assert type(error_of(Event("error", {"text": "x", "code": "their-own"}))) is EngineFailed
    assert str(error_of(Event("error", {"text": None, "code": 7}))) == "it gave no reason"
