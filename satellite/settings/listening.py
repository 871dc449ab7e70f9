"""Hearing: when an utterance begins and ends, and what is made of the microphone's sound."""

from __future__ import annotations

from typing import Annotated, Literal

from satellite.options import OptionSet, option


class ListenSettings(OptionSet, frozen=True):
    """When an utterance begins and ends."""

    preroll: Annotated[
        float, option("Sound kept from before the wake word was known", unit="s", minimum=0)
    ] = 0.3
    silence: Annotated[
        float, option("Silence that ends an utterance", unit="s", minimum=0.1, maximum=10)
    ] = 0.7
    minimum: Annotated[
        float, option("Voice shorter than this is a noise", unit="s", minimum=0, maximum=5)
    ] = 0.2
    maximum: Annotated[
        float, option("An utterance ends after this in any case", unit="s", minimum=1, maximum=120)
    ] = 15.0
    nothing_said: Annotated[
        float, option("Wait this long for the first word", unit="s", minimum=0.5, maximum=60)
    ] = 5.0
    threshold: Annotated[
        float, option("Voice probability that counts as voice", minimum=0, maximum=1)
    ] = 0.5
    barge_in: Annotated[bool, option("The wake word stops a reply and listens anew")] = True
    stop_words: Annotated[
        bool,
        option('"Stop", "cancel" and "never mind" end what is said or rung, without a wake word'),
    ] = True
    follow_up: Annotated[
        Literal["never", "question", "always"],
        option("After which answers to listen again without the wake word: those that ask, or all"),
    ] = "question"


class SoundSettings(OptionSet, frozen=True):
    """What is done to the microphone's sound before anybody listens to it."""

    echo_cancellation: Annotated[
        bool,
        option("Take our own speaker out of it, where it is heard and the sound server does not"),
    ] = True
    noise_suppression: Annotated[
        int, option("How much noise is taken out, 0 for none", minimum=0, maximum=4)
    ] = 0
    auto_gain: Annotated[
        float,
        option("How much quiet voices are amplified at most", unit="dB", minimum=0, maximum=50),
    ] = 0.0
    mic_volume: Annotated[
        float, option("Factor by which it is made louder", minimum=0, maximum=100)
    ] = 1.0
    mic_channel: Annotated[
        int,
        option("Channel of a microphone with several, from 1; 0 for all", minimum=0, maximum=32),
    ] = 0
