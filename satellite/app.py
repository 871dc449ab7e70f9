"""The satellite: the only place where its parts are put together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import cast

from satellite import events, timers
from satellite.announcements.announcer import Announcer
from satellite.announcements.broadcasts import Broadcasts
from satellite.arbitration.arbiter import Arbiter
from satellite.arbitration.protocol import normalized_word
from satellite.arbitration.wake_words import wake_words_of
from satellite.audio.capture import Capture
from satellite.audio.ducking.service import ducking
from satellite.audio.echo import stored_path
from satellite.audio.echo.frontend import FrontEnd
from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.audio.meter import PERIOD, level
from satellite.audio.playback import Playback
from satellite.audio.tap import Tap
from satellite.builtin.audio import devices
from satellite.builtin.wake.engine import WakeEngine
from satellite.builtin.wake.own_voice import OwnVoice
from satellite.components import spec
from satellite.components.hooks import Hooks, hooked
from satellite.components.spec import AUTO
from satellite.diagnostics.health.supervision import Supervision, supervised
from satellite.diagnostics.recordings.recorder import Recorder, recorded
from satellite.diagnostics.stats.snapshot import Snapshot
from satellite.diagnostics.stats.writer import written_stats
from satellite.engines.assembly import Assembly, assembled, create
from satellite.engines.reload import Reload
from satellite.errors import SatelliteError
from satellite.homeassistant.driver.peer import HomeAssistantPeer
from satellite.homeassistant.driver.port import Port, reachable
from satellite.homeassistant.driver.satellite_info import info_event
from satellite.http.controls import Controls
from satellite.http.server import http_server
from satellite.lib.bus import Bus
from satellite.lib.taskgroups import first_error
from satellite.listening.listener import Listener
from satellite.listening.microphone import Microphone
from satellite.listening.mute import Mute
from satellite.listening.mute import mute_store as kept_mute
from satellite.listening.stop_words import COMPONENT as STOP_WORDS
from satellite.listening.stop_words import StopWords
from satellite.ports import Asr, EngineContext, WaitsForReader, Wake
from satellite.settings import Settings
from satellite.turns.assistants import assistant_wake_words
from satellite.turns.context import label
from satellite.turns.manager import TurnManager

_LOGGER = logging.getLogger(__name__)


async def run(settings: Settings, bus: Bus, read: Callable[[], Settings] | None = None) -> None:
    """Be a satellite until cancelled, or until a microphone with an end has ended.

    `read` reads the settings again, for those that can change meanwhile.
    Raises `SatelliteError`s for what is wrong at the start: no microphone, no model.
    """
    with first_error(SatelliteError):
        async with AsyncExitStack() as stack:
            watch = await stack.enter_async_context(supervised(settings, bus))
            port = await stack.enter_async_context(reachable(settings))
            hooks = await stack.enter_async_context(hooked(settings.hooks, bus))
            await stack.enter_async_context(ducking(settings.ducking, bus))
            now = await stack.enter_async_context(written_stats(settings, bus))
            engines = await stack.enter_async_context(assembled(settings, bus.publish))
            playback = await stack.enter_async_context(_speaker(settings, bus))
            recorder = await stack.enter_async_context(recorded(settings, bus))
            await _listen(settings, bus, port, hooks, engines, playback, now, watch, recorder, read)


async def _listen(
    settings: Settings,
    bus: Bus,
    port: Port,
    hooks: Hooks,
    engines: Assembly,
    playback: Playback,
    now: Snapshot,
    watch: Supervision,
    recorder: Recorder,
    read: Callable[[], Settings] | None,
) -> None:
    chosen = settings.mic if settings.mic != AUTO else devices.default_mic()
    mic = spec.create("mic", chosen)
    words = wake_words_of(settings.wake)
    home = HomeAssistantPeer(
        settings, engines.vad, lambda: info_event(settings, listener.wake.describe(), words)
    )
    mute = Mute(bus.publish, kept_mute(settings.name))
    assistant = TurnManager(
        *(settings, engines.turn, playback, bus, home.driver),
        personas=engines.personas,
        mute=mute,
        kept=timers.timer_store(settings.name),
    )
    reference = playback.tap = PlaybackReference()
    capture = Capture(mic, bus.publish, settings.sound.mic_channel)
    microphone = Microphone(capture, mute, bus.publish)
    cleaned = FrontEnd(
        microphone, reference, settings.sound, stored_path.stored_path(settings.name)
    )
    stopping = await _stop_words(settings, assistant, reference)
    heard = recorder.of(watch.heartbeat.of(Tap(Tap(cleaned, home.wake.hear), stopping.hear)))
    wake = _wake(engines.wake, reference, bus)
    listener = Listener(
        heard,
        wake,
        engines.vad,
        settings.listen,
        bus.publish,
        attentive=lambda: not home.wake.active,
        waits=isinstance(mic, WaitsForReader) and mic.waits,
    )
    rooms = Arbiter(settings, assistant, listener, bus.publish, on_yield=home.wake.over)
    announcer = home.announcer = Announcer(assistant, settings, engines.turn.tts)
    broadcasts = Broadcasts(settings, announcer)
    assistant.broadcasting(broadcasts.put)
    controls = Controls(settings, assistant, announcer, bus, listener.listen_now)

    async def adopt(changed: Settings, engine: Wake | None) -> None:
        nonlocal words
        words = wake_words_of(changed.wake)
        if engine is not None:
            await listener.listen_with(_wake(engine, reference, bus))
        rooms.set_wake_words(words)
        engines.personas.answer(changed)
        _check_words(changed, words)
        named = tuple(words.values())
        bus.publish(events.WakeWords(words=named, engine=label(listener.wake)))

    reload = Reload(settings, engines.wake, read, adopt, engines.context)
    controls.reloading = reload.now
    controls.more = lambda: {**now.facts(), "level": level(listener.recent(PERIOD)).rms}
    hooks.operate(controls)
    async with (
        asyncio.TaskGroup() as tasks,
        port.open(home),
        http_server(settings, controls, watch.pages),
    ):
        helpers = (
            tasks.create_task(assistant.run(listener.listen_now), name="assistant"),
            tasks.create_task(home.run(assistant, listener.listen_now), name="home assistant"),
            tasks.create_task(rooms.run(), name="rooms"),
            tasks.create_task(announcer.run(), name="announcements"),
            tasks.create_task(broadcasts.run(), name="broadcasts"),
            tasks.create_task(stopping.run(), name="stop words"),
            tasks.create_task(reload.run(), name="reload"),
        )
        try:
            await microphone.open()
            await cleaned.settle()
            _check_words(settings, words)
            _ready(settings, bus, engines)
            await listener.run(rooms.accept, idle=lambda: assistant.idle)
        finally:
            for helper in helpers:
                helper.cancel()


def _ready(settings: Settings, bus: Bus, engines: Assembly) -> None:
    """Tell that listening has begun, and what does the work."""
    roles = {
        "wake": label(engines.wake),
        "asr": label(engines.turn.asr),
        "llm": label(engines.turn.llm),
        "tts": label(engines.turn.tts),
    }
    bus.publish(events.Ready(name=settings.name, engines=roles))
    _LOGGER.info("listening; %s", ", ".join(f"{r}: {what}" for r, what in roles.items()))


async def _stop_words(
    settings: Settings, assistant: TurnManager, reference: PlaybackReference
) -> StopWords:
    """What listens for them, in the one language whose stop words are known here."""
    wanted = settings.listen.stop_words and settings.language.lower().startswith("en")
    return StopWords(
        lambda: cast(Asr, spec.create("asr", STOP_WORDS)),
        await create("vad", settings.vad, EngineContext.for_settings(settings)),
        settings.listen.threshold,
        lambda: wanted and assistant.talking,
        assistant.hush,
        reference,
    )


def _wake(engine: Wake, reference: PlaybackReference, bus: Bus) -> OwnVoice:
    """A wake engine as it is listened with: deaf to what we say, its near misses told."""
    if isinstance(engine, WakeEngine):
        engine.nearly = lambda word, score: bus.publish(events.NearMiss(word=word, score=score))
    return OwnVoice(engine, reference)


def _check_words(settings: Settings, known: Mapping[str, str]) -> None:
    """Say which assistants can never be called; `known` is what is listened for."""
    for name, word in assistant_wake_words(settings):
        if known and normalized_word(word) not in known:
            _LOGGER.warning(
                "nobody listens for %s, the wake word of assistants.%s; the wake component hears "
                "%s: name all words there, as in --wake openwakeword:okay_nabu,hey_jarvis",
                *(word, name, ", ".join(sorted(known.values()))),
            )


@asynccontextmanager
async def _speaker(settings: Settings, bus: Bus) -> AsyncGenerator[Playback, None]:
    chosen = settings.speaker if settings.speaker != AUTO else devices.default_speaker()
    speaker = spec.create("speaker", chosen)
    playback = Playback(speaker, bus.publish, settings.deadlines.speaker)
    playback.volume = settings.volume
    try:
        await playback.open()
        yield playback
    finally:
        await playback.close()
