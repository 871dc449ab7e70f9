"""Checks whether a decoded text was really spoken. All functions are pure.

The thresholds and their meanings are those of OpenAI's Whisper and faster-whisper's `transcribe`.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import msgspec

from servers.asr.hallucinations import is_hallucination, is_never_said
from servers.asr.scripts import is_han, is_spaceless, units
from servers.asr.whisper.alternatives import Alternative, distinct
from servers.asr.whisper.brightness import UNKNOWN

LOOP_REPEATS = 6
"""Repetitions of a phrase that show a decoder going round in circles; people do not speak so."""
LOOP_WORDS = 6
"""Words, or characters of a script without spaces, of the longest phrase that is checked for
repetition. The compression ratio shows longer ones."""
BRIEF_VOICE = 0.5
"""Seconds of voice below which little can have been said, so that a hallucination is likelier."""
CONFIDENT = -0.5
"""Average log-probability from which a text is reliable: clear speech is above it."""
POSSIBLE_SILENCE = 0.3
"""No-speech probability from which there may have been no speech."""

LONGEST_REPETITION = 6.0
"""Most seconds of sound that a person fills with repetitions; a decoder may fill any noise."""
SPOKEN_HAN = (1.5, 6.5)
"""Fewest and most Chinese characters that people say in a second of sound, including the silence
around the speech."""
SPOKEN_SPACELESS = (1.5, 10.0)
"""The same for other scripts without spaces: はい seven times takes two to four seconds."""
SPOKEN_LETTERS = (4.0, 20.0)
"""The same for letters of scripts with spaces."""
FASTEST_WORDS = 5.0
"""Most words or figures that people repeat in a second of sound."""

GUESS_MARGIN = 0.3
"""How much above the threshold of doubt an average log-probability may be to belong to a guess.

Measured with Whisper base and tiny.en: speech of a television behind a wall gets -0.75 to -1.1 and
no-speech probabilities of 0.37 to 0.54 (one of nine 0.2); requests from 4 m away in noise, whether
written rightly or wrongly, at most 0.29."""

BEHIND_A_WALL = -42.0
"""Brightness (dB) below which speech is from another room, whatever the model makes of it.

Measured: a television behind a wall has -55 to -46; requests, also from 4 m away, softly spoken or
by telephone, have at least -22, and the darkest single words ("moon", "more") -39."""
MUFFLED = -30.0
"""Brightness (dB) below which a doubtful text is a guess. Requests in a microphone that lacks
everything above 1200 Hz have at least -28."""


class Attempt(msgspec.Struct, frozen=True):
    """The result of decoding a window of sound once."""

    text: str
    tokens: tuple[int, ...]
    avg_logprob: float
    """Mean natural logarithm of the tokens' probabilities, including the end token."""
    no_speech_prob: float
    ended: bool
    """Whether the model ended the text itself, so that it was not cut off."""
    temperature: float = 0.0
    seconds: float = 0.0
    """Length of the sound; 0 if unknown."""
    alternatives: tuple[Alternative, ...] = ()
    """Other texts that fit the sound nearly as well, the likeliest first."""

    @property
    def other_texts(self) -> tuple[str, ...]:
        """The texts of the alternatives."""
        return tuple(other.text for other in self.alternatives)


class Thresholds(msgspec.Struct, frozen=True):
    """Thresholds that an attempt is compared with."""

    no_speech: float = 0.6
    log_prob: float = -1.0
    compression_ratio: float = 2.4


def compression_ratio(text: str) -> float:
    """Return how much zlib compresses the text; more than 2.4 means that it repeats itself."""
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) if raw else 0.0


def loops(words: Sequence[str]) -> bool:
    """Return whether a phrase occurs `LOOP_REPEATS` times in a row.

    The compression ratio of a short text does not show that.
    """
    for length in range(1, min(LOOP_WORDS, len(words) // LOOP_REPEATS) + 1):
        same = 0
        for at in range(length, len(words)):
            same = same + 1 if words[at] == words[at - length] else 0
            if same >= length * (LOOP_REPEATS - 1):
                return True
    return False


def repeats(attempt: Attempt, thresholds: Thresholds) -> bool:
    """Return whether the text goes round in circles."""
    words = units(attempt.text)
    in_circles = compression_ratio(attempt.text) > thresholds.compression_ratio or loops(words)
    return in_circles and not _is_spoken_repetition(attempt, words)


def _is_spoken_repetition(attempt: Attempt, words: Sequence[str]) -> bool:
    """Return whether a person may have said a repetition: clearly, in the time that it takes.

    A decoder that goes round in circles does not end by itself, or writes more than can be said.
    """
    possible = attempt.ended and 0 < attempt.seconds <= LONGEST_REPETITION and bool(words)
    if not possible or _is_doubtful(attempt):
        return False
    if is_han(words[0]):
        slowest, fastest = SPOKEN_HAN
    elif not is_spaceless(words[0][0]) and len(words) > FASTEST_WORDS * attempt.seconds:
        return False
    else:
        slowest, fastest = SPOKEN_SPACELESS if is_spaceless(words[0][0]) else SPOKEN_LETTERS
    return slowest <= sum(map(len, words)) / attempt.seconds <= fastest


def is_unsure(attempt: Attempt, thresholds: Thresholds) -> bool:
    """Return whether the model itself gives the text a low probability."""
    return attempt.avg_logprob < thresholds.log_prob


def is_silent(attempt: Attempt, thresholds: Thresholds) -> bool:
    """Return whether the model found no speech and gives its text a low probability."""
    return attempt.no_speech_prob > thresholds.no_speech and is_unsure(attempt, thresholds)


def is_guess(attempt: Attempt, thresholds: Thresholds) -> bool:
    """Return whether the text is a guess at muffled speech, such as a television behind a wall.

    Half the no-speech probability of silence is enough for that, with a somewhat low probability of
    the text, and a quarter of it with a doubtful one.
    """
    half = thresholds.no_speech / 2
    unlikely = attempt.avg_logprob < thresholds.log_prob + GUESS_MARGIN
    return (attempt.no_speech_prob > half and unlikely) or (
        attempt.no_speech_prob > half / 2 and is_unsure(attempt, thresholds)
    )


def is_from_elsewhere(attempt: Attempt, brightness: float) -> bool:
    """Return whether the sound lacks the high frequencies that a voice in the room has."""
    return brightness < BEHIND_A_WALL or (brightness < MUFFLED and _is_doubtful(attempt))


def is_good(attempt: Attempt, thresholds: Thresholds) -> bool:
    """Return whether the text is reliable and was not cut off."""
    return attempt.ended and not repeats(attempt, thresholds) and not is_unsure(attempt, thresholds)


def is_certain(attempt: Attempt, thresholds: Thresholds) -> bool:
    """Return whether the text is beyond doubt, though its window was shorter than those that the
    model was trained with, where a decoder says short texts twice."""
    return (
        is_good(attempt, thresholds)
        and not _is_doubtful(attempt)
        and not _says_twice(units(attempt.text))
    )


def with_other(attempt: Attempt, before: Attempt | None, thresholds: Thresholds) -> Attempt:
    """Return an attempt, with the text of one `before` it as an alternative if that is good."""
    if before is None or not is_good(before, thresholds) or _says_twice(units(before.text)):
        return attempt
    first = Alternative(before.text, before.tokens)
    return msgspec.structs.replace(
        attempt, alternatives=distinct(attempt.text, (first, *attempt.alternatives))
    )


def _says_twice(words: Sequence[str]) -> bool:
    """Return whether a phrase of two words, or more, is repeated at once."""
    return any(
        words[start : start + length] == words[start + length : start + 2 * length]
        for length in range(2, len(words) // 2 + 1)
        for start in range(len(words) - 2 * length + 1)
    )


def try_again(attempt: Attempt, thresholds: Thresholds) -> bool:
    """Return whether another temperature may give a better result."""
    doubtful = repeats(attempt, thresholds) or is_unsure(attempt, thresholds)
    return doubtful and not is_silent(attempt, thresholds)


def best(attempts: Sequence[Attempt], thresholds: Thresholds) -> Attempt:
    """Return the likeliest attempt of those that do not repeat themselves, or of all."""
    candidates = [attempt for attempt in attempts if not repeats(attempt, thresholds)]
    return max(candidates or attempts, key=lambda attempt: attempt.avg_logprob)


def rejection(
    attempt: Attempt, voice: float, thresholds: Thresholds, brightness: float = UNKNOWN
) -> str | None:
    """Return why the text was not spoken, or None. `voice`: seconds of detected voice."""
    if is_silent(attempt, thresholds):
        return "no speech"
    if repeats(attempt, thresholds):
        return "repeats itself"
    if is_guess(attempt, thresholds) or is_from_elsewhere(attempt, brightness):
        return "a guess at muffled speech"
    if (_is_doubtful(attempt) and is_hallucination(attempt.text)) or (
        voice < BRIEF_VOICE and is_never_said(attempt.text)
    ):
        return "a phrase that Whisper hallucinates"
    return None


def _is_doubtful(attempt: Attempt) -> bool:
    """Return whether the text may be wrong, or made of silence."""
    return attempt.avg_logprob < CONFIDENT or attempt.no_speech_prob > POSSIBLE_SILENCE
