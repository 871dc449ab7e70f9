"""Settings of answers: assistants and deadlines."""

from __future__ import annotations

from typing import Annotated, Literal

from satellite.options import OptionSet, option


class DeadlineSettings(OptionSet, frozen=True):
    """Deadlines of the stages of a turn."""

    asr: Annotated[
        float, option("From the end of the utterance to its text", unit="s", minimum=0.1)
    ] = 15.0
    llm: Annotated[
        float,
        option("To the first words of a reply, and between pieces", unit="s", minimum=0.1),
    ] = 30.0
    tts: Annotated[
        float,
        option(
            "To the first sound of a sentence, and between pieces",
            unit="s",
            minimum=0.1,
        ),
    ] = 10.0
    speaker: Annotated[
        float, option("For the speaker to accept more sound", unit="s", minimum=0.1)
    ] = 10.0


class AssistantSettings(OptionSet, frozen=True):
    """One assistant; its unset values are those of the whole satellite."""

    wake: Annotated[
        tuple[str, ...], option("Wake words it answers to; its own name by default")
    ] = ()
    persona: Annotated[str, option("Description that a language model gets of itself")] = ""
    language: Annotated[str, option("Language it speaks")] = ""
    voice: Annotated[str, option("Voice of its replies")] = ""
    asr: Annotated[str, option("Speech-to-text component")] = ""
    llm: Annotated[str, option("Language model (brain) component")] = ""
    tts: Annotated[str, option("Text-to-speech component")] = ""
    brain: Annotated[
        Literal["local", "auto"],
        option("What answers: this satellite (local), or the satellite's setting brain (auto)"),
    ] = "local"
