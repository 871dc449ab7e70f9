"""How the people of the house say the wake word, learned during the setup."""

from __future__ import annotations

from satellite.builtin.wake.embedding_engine import EmbeddingEngine
from satellite.builtin.wake.learned_voices import VoiceFile
from satellite.cli.guided_setup.wizard import Wizard
from satellite.cli.voice_learning import (
    TIMES,
    learn_voice,
    learning_engine,
    person_name,
    record_word,
)
from satellite.diagnostics.soundcheck.devices import chosen, explain
from satellite.errors import DeviceError, SatelliteError


async def offer_learning(session: Wizard) -> None:
    """Learn how each person says the wake word who wants that, where the engine can do it."""
    mic = await chosen(session.settings, "mic")
    if mic is None:
        return
    async with learning_engine(session.settings) as engine:
        if engine is None:
            return
        word = engine.word_named("")
        question = f"Learn how you say it ({TIMES} times), to be heard from farther away?"
        while await session.ask.yes(question, False):
            await _learn(session, engine, word, mic)
            question = "Learn the voice of another person?"


async def _learn(session: Wizard, engine: EmbeddingEngine, word: str, mic: str) -> None:
    """Ask for a name, record the word, and store the voice; show what failed."""
    try:
        name = person_name(await session.ask.text("What is your name?", ""))
        recordings = await record_word(lambda text: session.ask.text(text, ""), mic, word, engine)
        file = VoiceFile(session.settings.name)
        session.ask.say(f"  + {await learn_voice(engine, word, name, recordings, file)}")
    except DeviceError as error:
        session.show(await explain("mic", error))
    except SatelliteError as error:
        session.ask.say(f"  ! {error}")
