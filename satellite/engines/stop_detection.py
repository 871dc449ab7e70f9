"""The detection of stop words, put together from this machine's engines."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import partial

from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.engines.assembly import create
from satellite.languages import codes
from satellite.languages.pack import ENGLISH
from satellite.listening.contained_vad import ContainedVad
from satellite.listening.stop_phrases import StopRecognition, of_all, stop_recognition
from satellite.listening.stop_words import StopWords
from satellite.ports import Asr, EngineContext
from satellite.settings import Settings
from satellite.turns.context import label
from satellite.turns.speech_output import SpeechOutput

_LOGGER = logging.getLogger(__name__)


async def stop_detection(
    settings: Settings,
    local: Mapping[str, Asr | None],
    output: SpeechOutput,
    reference: PlaybackReference,
) -> StopWords:
    """Make the listener for the stop words of the languages of all assistants.

    `local` has, by language, this machine's speech recognition, if it knows the language.

    What is possible in another language than English is logged.
    """
    wanted, possible = settings.listen.stop_words, True
    find = partial(_recognition, local)
    if any(not codes.same(each, ENGLISH) for each in local):  # English needs no file at the start
        found = await asyncio.to_thread(find)
        possible = bool(found.phrases)
        if found.note and wanted:
            _LOGGER.warning("stop words: %s", found.note)
        for language, asr in local.items():
            if wanted and not found.note and asr is not None and not codes.same(language, ENGLISH):
                _LOGGER.info("stop words of %s: recognized by %s", language, label(asr))
    return StopWords(
        find,
        ContainedVad(await create("vad", settings.vad, EngineContext.for_settings(settings))),
        settings.listen.threshold,
        lambda: possible and output.talking,
        output.hush,
        reference,
        wanted=wanted,
    )


def _recognition(local: Mapping[str, Asr | None]) -> StopRecognition:
    return of_all([stop_recognition(language, asr) for language, asr in local.items()])
