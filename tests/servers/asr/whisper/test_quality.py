"""Acceptance and rejection of decoded texts, without a model."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.asr.whisper import quality
from servers.asr.whisper.quality import Attempt, Thresholds

USUAL = Thresholds()
FINE = Attempt(
    text="turn on the lamp", tokens=(1, 2, 3, 4), avg_logprob=-0.2, no_speech_prob=0.01, ended=True
)


def like(**changes: object) -> Attempt:
    return msgspec.structs.replace(FINE, **changes)


def test_a_confident_text_is_accepted_at_once() -> None:
    assert quality.is_good(FINE, USUAL)
    assert not quality.try_again(FINE, USUAL)
    assert quality.rejection(FINE, 1.0, USUAL) is None


@pytest.mark.parametrize(
    "attempt",
    [
        like(avg_logprob=-1.2),
        like(text="so so so so so so so"),
        like(text="the lamp in the room and " * 12),
        like(ended=False),
    ],
    ids=["unsure", "loops", "compresses", "cut off"],
)
def test_a_short_window_is_rejected_with(attempt: Attempt) -> None:
    assert not quality.is_good(attempt, USUAL)


@pytest.mark.parametrize(
    "attempt",
    [
        like(text="What can you do? What can you do?"),
        like(text="Stop. The timer. The timer. "),
        like(text="好的好的"),
        like(avg_logprob=-0.6),
        like(no_speech_prob=0.4),
        like(ended=False),
    ],
)
def test_a_text_of_a_short_window_is_doubtful(attempt: Attempt) -> None:
    assert not quality.is_certain(attempt, USUAL)


@pytest.mark.parametrize("text", ["no no", "turn on the lamp", "one two one", "the time the lamp"])
def test_a_text_of_a_short_window_is_certain(text: str) -> None:
    assert quality.is_certain(like(text=text), USUAL)


def test_an_unlikely_text_where_no_speech_is_likely_is_silence() -> None:
    nothing = like(avg_logprob=-1.2, no_speech_prob=0.7)
    assert quality.rejection(nothing, 3.0, USUAL) == "no speech"
    assert not quality.try_again(nothing, USUAL), "no temperature hears what was not said"
    assert quality.rejection(like(no_speech_prob=0.99), 3.0, USUAL) is None, "but a sure one is not"


@pytest.mark.parametrize(("logprob", "no_speech"), [(-0.82, 0.47), (-0.75, 0.37), (-1.04, 0.2)])
def test_a_guess_at_muffled_speech_is_rejected(logprob: float, no_speech: float) -> None:
    """The values are those of a television behind a wall, as measured."""
    guess = like(avg_logprob=logprob, no_speech_prob=no_speech)
    assert quality.rejection(guess, 4.0, USUAL) == "a guess at muffled speech"


@pytest.mark.parametrize(
    ("logprob", "no_speech"), [(-0.85, 0.29), (-0.37, 0.29), (-0.99, 0.1), (-0.5, 0.9)]
)
def test_distant_and_accented_requests_are_no_guesses(logprob: float, no_speech: float) -> None:
    """The values are those of requests from 4 m away in noise, and of a foreign voice."""
    request = like(avg_logprob=logprob, no_speech_prob=no_speech)
    assert quality.rejection(request, 1.0, USUAL) is None


def test_speech_from_another_room_is_rejected_however_sure_the_model_is() -> None:
    assert quality.rejection(FINE, 4.0, USUAL, -46.0) == "a guess at muffled speech"
    assert quality.rejection(FINE, 1.0, USUAL, -39.0) is None, "a dark word"


def test_a_doubtful_text_of_muffled_sound_is_rejected() -> None:
    doubtful = like(avg_logprob=-0.65)
    assert quality.rejection(doubtful, 4.0, USUAL, -35.0) == "a guess at muffled speech"
    assert quality.rejection(doubtful, 4.0, USUAL, -28.0) is None, "as in a cheap microphone"
    assert quality.rejection(FINE, 4.0, USUAL, -35.0) is None


def test_the_options_decide_what_is_a_guess() -> None:
    guess = like(avg_logprob=-0.8, no_speech_prob=0.45)
    assert quality.rejection(guess, 4.0, Thresholds(no_speech=1.0)) is None
    assert quality.rejection(guess, 4.0, Thresholds(log_prob=-2.0)) is None


def test_a_repetitive_text_is_retried_and_then_rejected() -> None:
    round_and_round = like(text="I think " * 30)
    assert quality.try_again(round_and_round, USUAL)
    assert quality.rejection(round_and_round, 9.0, USUAL) == "repeats itself"


def test_people_may_repeat_themselves() -> None:
    for text in ("no no no no stop", "ten ten ten ten", "bye bye bye"):
        assert not quality.repeats(like(text=text), USUAL)


@given(
    st.lists(st.sampled_from("abcdefgh"), max_size=8),
    st.lists(st.sampled_from("klmnop"), min_size=1, max_size=quality.LOOP_WORDS),
    st.integers(quality.LOOP_REPEATS, 20),
)
def test_a_loop_is_found_wherever_it_begins(head: list[str], phrase: list[str], often: int) -> None:
    assert quality.loops(head + phrase * often)


@given(st.lists(st.integers(), unique=True, max_size=80))
def test_different_words_are_no_loop(words: list[int]) -> None:
    assert not quality.loops([str(word) for word in words])


def test_a_hallucination_is_rejected_only_in_doubt() -> None:
    phantom = like(text=" Thanks for watching! ")
    assert quality.rejection(phantom, 2.0, USUAL) is None, "a sure one, and long enough"
    for doubtful, voice in (
        (like(text=phantom.text, avg_logprob=-0.6), 2.0),
        (like(text=phantom.text, no_speech_prob=0.4), 2.0),
        (phantom, 0.3),
    ):
        assert "hallucinates" in (quality.rejection(doubtful, voice, USUAL) or "")


def test_a_hallucination_is_the_whole_text() -> None:
    doubtful = like(text="thank you for watching the oven", avg_logprob=-0.9)
    assert quality.rejection(doubtful, 0.4, USUAL) is None


@pytest.mark.parametrize("text", ["Merci !", "Gracias.", "Vielen Dank!", "谢谢。", "Thank you."])
def test_thanks_are_rejected_in_doubt_but_not_for_being_brief(text: str) -> None:
    assert quality.rejection(like(text=text), 0.4, USUAL) is None
    assert quality.rejection(like(text=text, avg_logprob=-0.6), 0.4, USUAL) is not None
    assert quality.rejection(like(text=text, no_speech_prob=0.4), 2.0, USUAL) is not None


@pytest.mark.parametrize(
    "text", ["把灯打开" * 6, "好的" * 6, "好的，" * 8, "ありがとう" * 6, "เปิดไฟ" * 7]
)
def test_a_loop_without_spaces_is_found(text: str) -> None:
    assert quality.repeats(like(text=text), USUAL)
    assert quality.repeats(like(text=text, seconds=1.0), USUAL), "more than can be said"


@pytest.mark.parametrize(
    ("text", "seconds"), [("はい" * 7, 2.5), ("no " * 8, 3.0), ("好的" * 6, 3.0)]
)
def test_a_clear_repetition_that_fits_its_time_was_spoken(text: str, seconds: float) -> None:
    spoken = like(text=text, seconds=seconds)
    assert quality.is_good(spoken, USUAL)
    for doubtful in (
        like(text=text, seconds=seconds, avg_logprob=-0.6),
        like(text=text, seconds=seconds, no_speech_prob=0.4),
        like(text=text, seconds=seconds, ended=False),
        like(text=text, seconds=20.0),
    ):
        assert quality.rejection(doubtful, 2.0, USUAL) == "repeats itself"


def test_a_loop_of_figures_is_found() -> None:
    """Whisper base wrote it for a Chinese request of 2.7 s."""
    assert quality.repeats(like(text="1.2." + "3." * 40, seconds=2.7), USUAL)


@pytest.mark.parametrize(
    "text", ["把客厅的灯打开然后把窗帘关上", "リビングの電気をつけて", "哈哈哈哈"]
)
def test_a_sentence_without_spaces_is_no_loop(text: str) -> None:
    assert not quality.repeats(like(text=text), USUAL)


def test_the_best_attempt_is_the_likeliest_without_repetition() -> None:
    sure_loop, unsure = like(text="a " * 200, avg_logprob=-0.1), like(avg_logprob=-1.5)
    assert quality.best([sure_loop, unsure, like(avg_logprob=-2.0)], USUAL) is unsure
    assert quality.best([sure_loop], USUAL) is sure_loop


def test_the_compression_ratio_is_that_of_the_library() -> None:
    utils = pytest.importorskip("faster_whisper.transcribe")
    for text in ("turn on the lamp", "la " * 100, "größe"):
        assert quality.compression_ratio(text) == utils.get_compression_ratio(text)
    assert quality.compression_ratio("") == 0
