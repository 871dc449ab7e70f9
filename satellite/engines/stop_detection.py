"""The detection of stop words, put together from this machine's engines."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.engines.assembly import create
from satellite.languages import codes
from satellite.languages.pack import ENGLISH
from satellite.listening.contained_vad import ContainedVad
from satellite.listening.stop_phrases import stop_recognition
from satellite.listening.stop_words import StopWords
from satellite.ports import Asr, EngineContext
from satellite.settings import Settings
from satellite.turns.context import label
from satellite.turns.speech_output import SpeechOutput

_LOGGER = logging.getLogger(__name__)


async def stop_detection(
    settings: Settings, asr: Asr | None, output: SpeechOutput, reference: PlaybackReference
) -> StopWords:
    """Make the listener for stop words; `asr` is this machine's, if it knows the language.

    What is possible in another language than English is logged.
    """
    wanted, possible = settings.listen.stop_words, True
    find = partial(stop_recognition, settings.language, asr)
    if not codes.same(settings.language, ENGLISH):  # English needs no file at the start
        found = await asyncio.to_thread(find)
        possible = bool(found.phrases)
        if found.note and wanted:
            _LOGGER.warning("stop words: %s", found.note)
        elif wanted and possible and asr is not None:
            _LOGGER.info("stop words of %s: recognized by %s", settings.language, label(asr))
    return StopWords(
        find,
        ContainedVad(await create("vad", settings.vad, EngineContext.for_settings(settings))),
        settings.listen.threshold,
        lambda: possible and output.talking,
        output.hush,
        reference,
        wanted=wanted,
    )
