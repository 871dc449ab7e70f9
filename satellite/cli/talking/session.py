"""A conversation at this machine, with its microphone, its speaker and its engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec

from satellite.audio.capture import Capture
from satellite.audio.playback import Playback
from satellite.builtin.audio import devices
from satellite.cli.talking.held_engines import SwitchedLlm, SwitchedTts
from satellite.cli.talking.silent_speaker import SilentSpeaker
from satellite.components import spec
from satellite.components.spec import AUTO
from satellite.engines import assembly
from satellite.engines.assembly import create
from satellite.errors import DeviceMissing
from satellite.events import Event
from satellite.listening.contained_vad import ContainedVad
from satellite.listening.microphone import Microphone
from satellite.listening.mute import Mute
from satellite.listening.people.recognition import speaker_recognition
from satellite.ports import Asr, EngineContext
from satellite.settings import Settings
from satellite.turns.context import Engines
from satellite.turns.session import Deaf, Session, settings_of


class Talk(msgspec.Struct, frozen=True):
    """A conversation with the engines that may be switched."""

    session: Session
    llm: SwitchedLlm
    tts: SwitchedTts
    has_speaker: bool


@asynccontextmanager
async def opened_talk(
    settings: Settings,
    publish: Callable[[Event], None],
    *,
    voice: bool,
    note: Callable[[str], None],
) -> AsyncGenerator[Talk, None]:
    """Load engines, open microphone and speaker, and run a conversation during the block.

    `note` reports what this machine lacks. Raises `SatelliteError`s for what was named and cannot
    be used.
    """
    settings = msgspec.structs.replace(settings, brain="local", assistants={})
    mic, speaker = _found("mic", settings, note), _found("speaker", settings, note)
    voice = voice and speaker is not None
    roles = ["llm", *(["asr"] if mic is not None else []), *(["tts"] if voice else [])]
    async with AsyncExitStack() as stack:
        vads = await _voice_detectors(settings) if mic is not None else None
        loads = [vad.load for vad in vads or ()]
        made = assembly.conversing(settings, publish, roles, *loads)
        engines = await stack.enter_async_context(made)
        playback = Playback(
            speaker or SilentSpeaker(), publish, settings.deadlines.speaker, volume=settings.volume
        )
        stack.push_async_callback(playback.close)
        if voice:
            await playback.open()
        mute, microphone, people = Mute(publish), None, None
        if mic is not None:
            capture = Capture(mic, publish, settings.sound.mic_channel)
            stack.push_async_callback(capture.close)
            await capture.open()
            microphone = Microphone(capture, mute, publish)
            people = stack.enter_context(speaker_recognition(settings))
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        llm = SwitchedLlm(engines["llm"], settings, tasks)
        tts = SwitchedTts(engines.get("tts"), settings, tasks)
        asr: Asr = engines.get("asr") or Deaf()
        session = Session(
            settings_of(settings),
            publish,
            Engines(asr, llm, tts),
            playback,
            mute,
            microphone,
            vads,
            people=people,
        )
        running = tasks.create_task(session.run(), name="conversation")
        try:
            yield Talk(session, llm, tts, speaker is not None)
        finally:
            running.cancel()
            llm.release()
            tts.release()


def _found(role: str, settings: Settings, note: Callable[[str], None]) -> Any:
    """Return the microphone or the speaker of the settings; None where `auto` finds none."""
    chosen = getattr(settings, role)
    if chosen == AUTO:
        default = devices.default_mic if role == "mic" else devices.default_speaker
        try:
            chosen = default()
        except DeviceMissing as error:
            note(str(error))
            return None
    return spec.create(role, chosen)


async def _voice_detectors(settings: Settings) -> tuple[ContainedVad, ContainedVad]:
    context = EngineContext.for_settings(settings)
    first, second = [await create("vad", settings.vad, context) for _ in range(2)]
    return ContainedVad(first), ContainedVad(second)
