"""Estimates that are learnt from what others say: absurd values do no lasting harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.engines.resume_speech import PLAUSIBLE, PlayedSpeech, SpeechRates
from satellite.engines.server_stats import LONGEST, ServerStats
from satellite.errors import EngineFailed
from servers.llm.chat.trimming import TokenMeter, fit_prompt
from tests.net.asking import answers
from tests.servers.llm.asking import ask, brain
from tests.support.ollama_fake import fake_ollama, words

CONTEXT = 4096
ABSURD = [-1, -(10**30), 0, 10**6, 10**30, CONTEXT + 1, 1]
TEXT = "This is a sentence of an ordinary length, as a voice says it."


@given(counts=st.lists(st.tuples(st.integers(-10, 10**6), st.integers(-(10**40), 10**40))))
def test_token_counts_of_any_size(counts: list[tuple[int, int]]) -> None:
    meter = TokenMeter()
    for characters, tokens in counts:
        meter.learn(characters, tokens, CONTEXT)
        assert 0.5 <= meter.characters <= 8.0


@pytest.mark.parametrize("count", ABSURD)
def test_an_absurd_token_count_is_ignored(count: int) -> None:
    meter = TokenMeter()
    meter.learn(900, count, CONTEXT)
    assert meter.characters == TokenMeter().characters


@pytest.mark.parametrize("count", [*ABSURD, 2000, CONTEXT])
async def test_later_requests_are_answered_after_an_odd_token_count(count: int) -> None:
    """2000 tokens and a full context are possible, and wrong: the estimate recovers."""
    async with (
        fake_ollama(words("Well.", tokens=count)) as fake,
        brain(fake.host, num_ctx=CONTEXT, tool_rounds=0) as engine,
    ):
        assert await ask(engine, "tell me something")
        for _ in range(30):
            try:
                assert await ask(engine, "x" * 5000)
                break
            except EngineFailed:
                continue
        else:
            pytest.fail("a request of 1700 tokens is refused for ever")


def test_an_estimate_that_refuses_requests_recovers() -> None:
    meter, refused = TokenMeter(), 0
    for _ in range(10):
        meter.learn(100, 200, CONTEXT)
    request = [{"role": "user", "content": "x" * 3000}]
    first = {"role": "system", "content": "Be brief."}
    for _ in range(20):
        try:
            fit_prompt(first, [], request, (), meter, 2000, "num_ctx")  # type: ignore[arg-type]
        except EngineFailed:
            refused += 1
    assert 0 < refused < 15


@given(lasts=st.floats(-1, 1e9), text=st.text(max_size=200))
def test_the_rate_of_a_voice_is_plausible(lasts: float, text: str) -> None:
    rates = SpeechRates()
    rates.learn("voice", text, lasts)
    rate = rates.of("voice")
    assert rate is None or PLAUSIBLE[0] <= rate <= PLAUSIBLE[1]


def test_a_voice_that_said_nothing_does_not_shorten_later_sentences() -> None:
    rates = SpeechRates()
    rates.learn("voice", TEXT, 2 * 0.001)
    played = PlayedSpeech(TEXT, rates)
    played.begin("voice")
    played.add(0.5)
    assert not played.whole


def test_rates_are_remembered_for_a_bounded_number_of_voices() -> None:
    rates = SpeechRates()
    for number in range(1000):
        rates.learn(f"tcp://10.0.0.1:{number}", TEXT, 4.0)
    assert len(rates._known) <= 256  # noqa: SLF001
    assert rates.of("tcp://10.0.0.1:999") is not None


def test_one_latency_of_a_day_is_forgotten_soon() -> None:
    """A clock that jumps, or a machine that was suspended in the middle of a call."""
    stats = ServerStats()
    for seconds in (0.2, 86400.0, -5.0):
        stats.answered("tcp://a:1", seconds)
        assert 0.0 <= stats._latencies["tcp://a:1"] <= LONGEST  # noqa: SLF001
    for _ in range(16):
        stats.answered("tcp://a:1", 0.2)
    assert stats._latencies["tcp://a:1"] < 0.5  # noqa: SLF001


@pytest.mark.parametrize(
    "fields",
    [
        {"sample": 10**30, "score": 10**30},
        {"sample": -5, "score": -1e300},
        {"timestamp": 2**52},
        {"sample": True, "score": False},
    ],
)
async def test_a_detection_lies_within_the_sound_that_was_sent(fields: dict[str, object]) -> None:
    from wyoming.event import Event

    event = Event("detection", {"name": "okay_nabu", **fields})
    (found,) = await answers("wake", {"audio-chunk": [event]})
    assert 0 <= found.sample <= 16000 * 60
    assert 0.0 <= found.score <= 1.0
