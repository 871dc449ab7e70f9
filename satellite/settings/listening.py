"""Settings of listening: the limits of an utterance, and the processing of sound."""

from __future__ import annotations

from typing import Annotated, Literal

from satellite.options import OptionSet, option

WakeSensitivity = Literal["lowest", "low", "usual", "high", "highest"]


class ListenSettings(OptionSet, frozen=True):
    """Start and end of an utterance."""

    preroll: Annotated[
        float,
        option(
            "Sound to include from before the detection, if no pause ends the wake word",
            unit="s",
            minimum=0,
        ),
    ] = 0.3
    silence: Annotated[
        float, option("Silence that ends an utterance", unit="s", minimum=0.1, maximum=10)
    ] = 0.7
    by_meaning: Annotated[
        bool,
        option(
            "End a request of the sentences as soon as it is whole, and wait up to 1.2 s for the "
            "rest of one that has only begun"
        ),
    ] = True
    smart_turn: Annotated[
        bool,
        option(
            "End other requests by the melody of the voice, after 0.5 or 1.2 s; needs `satellite "
            "models pull turn:smart-turn-v3.2`"
        ),
    ] = False
    minimum: Annotated[
        float, option("Ignore speech shorter than this", unit="s", minimum=0, maximum=5)
    ] = 0.2
    maximum: Annotated[float, option("Longest utterance", unit="s", minimum=1, maximum=120)] = 15.0
    nothing_said: Annotated[
        float, option("Wait this long for the first word", unit="s", minimum=0.5, maximum=60)
    ] = 5.0
    threshold: Annotated[
        float, option("Probability that counts as speech", minimum=0, maximum=1)
    ] = 0.5
    barge_in: Annotated[bool, option("The wake word interrupts a reply and starts a request")] = (
        True
    )
    sensitivity: Annotated[
        WakeSensitivity,
        option("How easily the built-in engines hear the wake word; `high` has more false wakes"),
    ] = "usual"
    sensitivities: Annotated[
        tuple[str, ...],
        option("Those of single wake words, such as hey_jarvis=high, instead of `sensitivity`"),
    ] = ()
    stop_words: Annotated[
        bool,
        option('"Stop", "cancel" and "never mind" end speech and ringing without a wake word'),
    ] = True
    follow_up: Annotated[
        Literal["never", "question", "always"],
        option("Listen again without a wake word: never, after questions, or after every answer"),
    ] = "question"


class PeopleSettings(OptionSet, frozen=True):
    """Recognition of the person who speaks, by `satellite people`; off by default."""

    enabled: Annotated[
        bool, option("Name the probable speaker to the language model and in the event log")
    ] = False
    threshold: (
        Annotated[
            float,
            option(
                "Least similarity of a voice; the network's own by default", minimum=0, maximum=1
            ),
        ]
        | None
    ) = None


class SoundSettings(OptionSet, frozen=True):
    """Processing of the microphone's sound."""

    echo_cancellation: Annotated[
        bool,
        option("Remove the echo of our own speaker, unless the sound server does"),
    ] = True
    noise_suppression: Annotated[
        int, option("Strength of noise suppression; 0 for none", minimum=0, maximum=4)
    ] = 0
    auto_gain: Annotated[
        float,
        option("Largest amplification of quiet voices", unit="dB", minimum=0, maximum=50),
    ] = 0.0
    mic_volume: Annotated[
        float, option("Factor by which to amplify the sound", minimum=0, maximum=100)
    ] = 1.0
    mic_channel: Annotated[
        int,
        option("Channel of a microphone with several, from 1; 0 for all", minimum=0, maximum=32),
    ] = 0
