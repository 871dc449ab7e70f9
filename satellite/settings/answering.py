"""Answering: who does, and how long it may take."""

from __future__ import annotations

from typing import Annotated, Literal

from satellite.options import OptionSet, option


class DeadlineSettings(OptionSet, frozen=True):
    """How long a stage of a turn may keep everybody waiting."""

    asr: Annotated[
        float, option("From the end of the utterance to its text", unit="s", minimum=0.1)
    ] = 15.0
    llm: Annotated[
        float, option("To the reply's first words, and between two", unit="s", minimum=0.1)
    ] = 30.0
    tts: Annotated[
        float, option("To a sentence's first sound, and between two", unit="s", minimum=0.1)
    ] = 10.0
    speaker: Annotated[
        float, option("For the speaker to take more sound", unit="s", minimum=0.1)
    ] = 10.0


class AssistantSettings(OptionSet, frozen=True):
    """An assistant of its own: what it does not set is as for the whole satellite."""

    wake: Annotated[
        tuple[str, ...], option("Wake words it answers to; its own name by default")
    ] = ()
    persona: Annotated[str, option("What a language model is told that it is")] = ""
    language: Annotated[str, option("Language it speaks")] = ""
    voice: Annotated[str, option("Voice of its replies")] = ""
    asr: Annotated[str, option("Speech-to-text component")] = ""
    llm: Annotated[str, option("Brain component")] = ""
    tts: Annotated[str, option("Text-to-speech component")] = ""
    brain: Annotated[
        Literal["local", "auto"],
        option("Who answers: we (local), or who answers for the whole satellite (auto)"),
    ] = "local"
