"""The spoken language: chosen first, and heard in a sentence once there is a speaker."""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping
from contextlib import aclosing

import msgspec

from satellite.audio.playback import Playback
from satellite.cli.guided_setup.asking import Choice
from satellite.cli.guided_setup.wizard import Wizard
from satellite.components import spec
from satellite.config import checks
from satellite.config.document import Document
from satellite.diagnostics.soundcheck.devices import chosen
from satellite.engines.assembly import opened, quick_gaps
from satellite.errors import DeviceError, SatelliteError
from satellite.languages import pack
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.lib.finding import warning
from satellite.settings import Settings
from satellite.turns.context import label
from satellite.values import SpeechRequest

SECONDS = 60.0
"""Seconds for a stage of the sentence: a voice loads within ten on a Pi."""


async def language(session: Wizard, document: Document) -> None:
    """Ask for the language; by default the one of the file, or that of this machine's locale."""
    if "language" in session.preset or not session.ask.present:
        return
    session.ask.head("Language")
    default = session.settings.language
    if document.get("language") is None:
        default = locale_language(os.environ) or default
    choices = await run_in_daemon_thread(_choices)
    if default not in {choice.value for choice in choices}:
        choices.append(Choice(default, "the current setting"))
    while True:
        answer = await session.ask.choose(
            "Which language do you speak?", choices, default, other="the code of another"
        )
        problem = checks.language(answer)
        if problem is None:
            session.choose("language", answer)
            return
        session.ask.say(f"  ! {problem}")


async def voice(session: Wizard) -> None:
    """Say a sentence in the language, and show which parts of the satellite do not know it."""
    if not session.ask.present:
        return
    session.ask.head("Voice")
    settings = session.settings
    found = await run_in_daemon_thread(lambda: pack.find(settings.language))
    name = await chosen(settings, "speaker")
    if found is not None and found.about.test_sentence and name is not None:
        await _say(session, name, found.about.test_sentence)
    for gap in await quick_gaps(settings):
        session.show(warning(gap.role, gap.fact, gap.effect, f"{gap.remedy}; or use a server"))


def locale_language(environment: Mapping[str, str]) -> str:
    """Return the code of the pack of this machine's locale; empty without one."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if text := environment.get(variable):
            break
    else:
        text = locale.getlocale()[0] or ""
    found = pack.find(text) if checks.language(text) is None else None
    return found.code if found is not None else ""


def _choices() -> list[Choice]:
    packs = [found for code in pack.installed() if (found := pack.find(code)) is not None]
    return [
        Choice(
            found.code,
            found.about.name
            if found.about.name == found.about.english
            else f"{found.about.name} ({found.about.english})",
        )
        for found in packs
    ]


async def _say(session: Wizard, speaker: str, sentence: str) -> None:
    """Speak a sentence; what fails is shown."""
    settings = session.settings
    playback = Playback(
        spec.create("speaker", speaker), lambda event: None, SECONDS, volume=settings.volume
    )
    try:
        async with opened("tts", _local(settings)) as tts:
            session.ask.say(f"  It says: {sentence} ({label(tts)})")
            request = SpeechRequest(
                text=sentence, voice=settings.voice or None, language=settings.language
            )
            await playback.open()
            async with aclosing(tts.synthesize(request)) as speech:
                await playback.play(speech)
    except DeviceError as error:
        session.ask.say(f"  ! not played: {error}")
    except SatelliteError as error:
        session.ask.say(f"  ! not said: {error}")
    finally:
        await playback.close()


def _local(settings: Settings) -> Settings:
    """Return the settings without servers of the LAN, which are looked for later."""
    return msgspec.structs.replace(settings, zeroconf=False)
