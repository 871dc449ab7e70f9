"""Windows of at most 30 s, cut in pauses, independent of the chunks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.asr.whisper.sound_buffer import BLOCK_SAMPLES, SoundBuffer
from servers.asr.whisper.speech_detection import FRAME, Floats, Spans
from servers.asr.whisper.windows import LEAD, LONGEST, RATE, TRAIL, Window

FRAMES_PER_S = RATE / FRAME


class Loudness:
    """Treats loud sound as voice, so that tests can place voices."""

    def judge(self, block: Floats) -> list[float]:
        return [float(np.abs(frame).max()) for frame in block.reshape(-1, FRAME)]


def sound(*parts: tuple[float, float]) -> bytes:
    """Return samples of a level (0 to 1) for a number of seconds each, in whole frames."""
    return b"".join(
        np.full(round(seconds * FRAMES_PER_S) * FRAME, loud * 32767, "<i2").tobytes()
        for loud, seconds in parts
    )


def hear(audio: bytes, sizes: list[int] | None = None) -> list[tuple[int, int, bytes]]:
    """Return every window of a sound with its samples; add the sound in chunks of these sizes."""
    sound = SoundBuffer(Loudness(), 0.5, 0)
    found = []
    at, turn = 0, 0
    while at < len(audio):
        size = 2 * BLOCK_SAMPLES * (sizes[turn % len(sizes)] if sizes else 4)
        found += sound.add(audio[at : at + size])
        at, turn = at + size, turn + 1
    if last := sound.last():
        found.append((last, sound.samples(last)))
    return [
        (window.start, window.end, samples[window.silence :].tobytes())
        for window, samples in found
        if not samples[: window.silence].any()
    ]


def test_silence_has_no_window() -> None:
    assert hear(sound((0, 40))) == []


def test_silence_around_the_voice_is_left_out() -> None:
    ((start, end, samples),) = hear(sound((0, 2), (1, 3), (0, 5)))
    voice = round(2 * FRAMES_PER_S) * FRAME
    assert start == voice - LEAD
    assert end == voice + round(3 * FRAMES_PER_S) * FRAME + TRAIL
    assert len(samples) == 4 * (end - start)


@pytest.mark.parametrize(("before", "silence"), [(0.0, 0.4), (0.16, 0.24), (0.5, 0.0)])
def test_silence_precedes_a_voice_that_begins_soon(before: float, silence: float) -> None:
    buffer = SoundBuffer(Loudness(), 0.5, 0)
    buffer.add(sound((0, before), (1, 1), (0, 0.5)))
    window = buffer.last()
    assert window is not None
    assert window.silence / RATE == pytest.approx(silence, abs=FRAME / RATE)
    samples = buffer.samples(window)
    assert not samples[: window.silence].any()
    assert len(samples) == window.silence + window.end - window.start
    assert np.flatnonzero(samples)[0] == LEAD


def test_silence_does_not_make_a_window_too_long() -> None:
    buffer = SoundBuffer(Loudness(), 0.5, 0)
    buffer.add(sound((1, 29.9)))
    window = buffer.last()
    assert window is not None
    assert len(buffer.samples(window)) <= LONGEST


def test_a_window_stays_the_same_while_silence_goes_on() -> None:
    short, long = (hear(sound((0, 1), (1, 2), (0, silence))) for silence in (0.4, 9))
    assert short == long


def test_a_long_speech_is_cut_at_its_longest_pause() -> None:
    first, second = hear(sound((1, 14), (0, 1), (1, 6), (0, 0.5), (1, 12)))
    pause = round(14 * FRAMES_PER_S) * FRAME
    assert abs(first[1] - (pause + RATE // 2)) <= FRAME
    assert second[0] >= first[1]


def test_speech_without_a_pause_is_cut_where_voice_is_least_likely() -> None:
    first, _ = hear(sound((1, 27), (0.4, 0.032), (1, 20)))
    assert first[1] == round(27 * FRAMES_PER_S) * FRAME


def test_a_window_is_closed_at_30_s_even_in_silence() -> None:
    first, second = hear(sound((1, 3), (0, 40), (1, 2)))
    assert first[1] == round(3 * FRAMES_PER_S) * FRAME + TRAIL
    assert second[0] > 40 * RATE


parts = st.lists(
    st.tuples(st.sampled_from([0.0, 0.3, 0.45, 0.7, 1.0]), st.floats(0.03, 12)), max_size=12
)


@given(parts, st.lists(st.integers(1, 300), min_size=1, max_size=5))
def test_the_windows_do_not_depend_on_the_chunks(
    levels: list[tuple[float, float]], sizes: list[int]
) -> None:
    audio = sound(*levels)
    found = hear(audio, sizes)
    assert found == hear(audio, [1])
    for start, end, samples in found:
        assert 0 < end - start <= LONGEST
        assert (
            samples
            == np.frombuffer(audio, "<i2")[start:end]
            .astype("f4")
            .__truediv__(np.float32(32768))
            .astype("f4")
            .tobytes()
        )
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(found))


@given(parts)
def test_no_loud_sound_is_left_out(levels: list[tuple[float, float]]) -> None:
    samples = np.frombuffer(sound(*levels), "<i2")
    covered = np.zeros(len(samples), bool)
    for start, end, _ in hear(samples.tobytes()):
        covered[start:end] = True
    assert not np.any(~covered & (samples > 0.55 * 32767))


def test_samples_no_longer_needed_are_dropped() -> None:
    buffer = SoundBuffer(Loudness(), 0.5, 0)
    for audio in (sound((0, 50)), sound((1, 50)), sound((0, 50))):
        buffer.add(audio)
    assert buffer.last() is None
    assert len(buffer.samples(Window(0, 1 << 40, 0))) <= 2 * RATE


def test_brief_noises_and_brief_pauses_are_ignored() -> None:
    spans = Spans(0.5, 4 * FRAME)
    for probability in (1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0.4, 0, 0, 1, 1, 0, 0, 0, 0):
        spans.add(probability)
    (span,) = spans.all()
    assert (span.start, span.end) == (6 * FRAME, 15 * FRAME)
    assert spans.quiet == 4 * FRAME
