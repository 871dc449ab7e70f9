"""The satellite: the only place where its parts are put together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from wyoming.event import Event as WyomingEvent

from satellite import events
from satellite.arbitration.arbiter import Arbiter
from satellite.arbitration.protocol import normalized_word
from satellite.arbitration.wake_words import wake_words_of
from satellite.audio.capture import Capture
from satellite.audio.ducking.service import ducking
from satellite.audio.echo.frontend import FrontEnd
from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.audio.echo.stored_path import stored_path
from satellite.audio.meter import PERIOD, level
from satellite.audio.playback import Playback
from satellite.audio.tap import Fanout
from satellite.builtin.audio import devices
from satellite.builtin.wake.engine import WakeEngine
from satellite.builtin.wake.false_wakes import FalseWakes
from satellite.builtin.wake.own_voice import OwnVoice
from satellite.builtin.wake.sensitivity import Sensitivity
from satellite.components import spec
from satellite.components.hooks import hooked
from satellite.components.spec import AUTO
from satellite.diagnostics.health.supervision import supervised
from satellite.diagnostics.recordings.recorder import recorded
from satellite.diagnostics.stats.writer import written_stats
from satellite.engines.assembly import assembled
from satellite.engines.reload import Reload, loaded
from satellite.engines.stop_detection import stop_detection
from satellite.errors import SatelliteError
from satellite.homeassistant.doors import HomeAssistantDoors, Shown
from satellite.homeassistant.driver.current_link import CurrentLink
from satellite.homeassistant.driver.peer import HomeAssistantPeer
from satellite.homeassistant.driver.remote_wake import WakeStream
from satellite.homeassistant.driver.satellite_info import info_event
from satellite.homeassistant.esphome.wake_words import WakeWordChoice
from satellite.http.api.engines import SatelliteEngines
from satellite.http.controls import Controls
from satellite.http.door import satellite_door
from satellite.http.lazy_routes import MachineRoutes, make_engine_routes, make_timer_routes
from satellite.http.page.engines import SharedEngines
from satellite.http.page.house import House
from satellite.http.page.lazy_routes import make_page_routes
from satellite.http.server import http_server, make_api_routes
from satellite.lib.bus import Bus
from satellite.lib.containment import Containment
from satellite.lib.taskgroups import first_error
from satellite.listening.contained_vad import ContainedVad
from satellite.listening.continuation import hears_itself
from satellite.listening.listener import Listener
from satellite.listening.melody.melody import melody
from satellite.listening.microphone import Microphone
from satellite.listening.mute import Mute, mute_store, parties_store
from satellite.listening.people.recognition import speaker_recognition
from satellite.listening.utterance import Utterance
from satellite.ports import WaitsForReader, Wake
from satellite.settings import Settings
from satellite.timers import timer_store
from satellite.turns.assistants import assistant_wake_words
from satellite.turns.context import label
from satellite.turns.follow_up import FollowUp
from satellite.turns.parts import SpeechParts, TurnParts
from satellite.updates.installation import Installation
from satellite.updates.updater import Updater, end_for_restart

if TYPE_CHECKING:
    from satellite.http.route import MakeRoutes

_LOGGER = logging.getLogger(__name__)


async def run(
    settings: Settings,
    bus: Bus,
    read: Callable[[], Settings] | None = None,
    machine: MachineRoutes | None = None,
    save: Callable[[Mapping[str, Any]], object] | None = None,
) -> None:
    """Run a satellite until cancelled, or until a microphone with an end has ended.

    `read` reads the settings again, for those that can change meanwhile; `machine` makes the HTTP
    routes of settings and models; `save` writes values of settings into their file, and may block.
    Raises `SatelliteError`s for problems at the start: a missing microphone, a missing model.
    """
    await Satellite(settings, bus, read, machine, save).run()


class Satellite:
    """A satellite, built in the steps of `run`: each uses what the steps before it have made.

    Nothing is changed after it was made: parts that need each other share a third one, as
    `Activity`, or get the other one's callback when they run, as `Listener`.
    """

    def __init__(
        self,
        settings: Settings,
        bus: Bus,
        read: Callable[[], Settings] | None = None,
        machine: MachineRoutes | None = None,
        save: Callable[[Mapping[str, Any]], object] | None = None,
    ) -> None:
        self._settings = settings
        self._bus = bus
        self._read = read
        self._machine = machine
        self._save = save

    async def run(self) -> None:
        """Build the satellite and run it: see `satellite.app.run`."""
        with first_error(SatelliteError):
            async with AsyncExitStack() as stack:
                await self._open_services(stack)
                await self._load_engines(stack)
                await self._open_audio(stack)
                self._build_speech()
                await self._build_listening()
                self._build_turns()
                self._build_controls()
                await self._run_tasks()

    async def _open_services(self, stack: AsyncExitStack) -> None:
        """Open what surrounds the satellite: watchdog, port, hooks, ducking, statistics."""
        settings, bus = self._settings, self._bus
        doors = HomeAssistantDoors(settings)  # before any file of this satellite is written
        self._supervision = await stack.enter_async_context(supervised(settings, bus))
        self._doors = await stack.enter_async_context(doors.listening())
        self._hooks = await stack.enter_async_context(hooked(settings.hooks, bus))
        await stack.enter_async_context(ducking(settings.ducking, bus))
        self._snapshot = await stack.enter_async_context(written_stats(settings, bus))
        self._people = stack.enter_context(speaker_recognition(settings))
        self._melody = stack.enter_context(melody(settings))

    async def _load_engines(self, stack: AsyncExitStack) -> None:
        """Load the engines that the settings name."""
        settings, publish = self._settings, self._bus.publish
        self._engines = await stack.enter_async_context(assembled(settings, publish))

    async def _open_audio(self, stack: AsyncExitStack) -> None:
        """Open the speaker; make the path of sound from the microphone to the echo canceller."""
        settings, publish = self._settings, self._bus.publish
        self._reference = PlaybackReference()
        self._playback = await stack.enter_async_context(
            _opened_speaker(settings, publish, self._reference)
        )
        self._recorder = await stack.enter_async_context(recorded(settings, self._bus))
        self._mute = Mute(publish, mute_store(settings.name), parties_store(settings.name))
        self._mic = spec.create(
            "mic", settings.mic if settings.mic != AUTO else devices.default_mic()
        )
        capture = Capture(self._mic, publish, settings.sound.mic_channel)
        self._microphone = Microphone(capture, self._mute, publish)
        self._front_end = FrontEnd(
            self._microphone, self._reference, settings.sound, stored_path(settings.name)
        )

    def _build_speech(self) -> None:
        """Make what speaks outside of turns: sounds, timers, announcements, broadcasts."""
        self._speech = SpeechParts(
            self._settings,
            self._engines.turn.tts,
            self._playback,
            self._bus.publish,
            self._mute,
            timer_store(self._settings.name),
        )

    async def _build_listening(self) -> None:
        """Make what hears the microphone: wake words, here or by Home Assistant, stop words."""
        settings, publish = self._settings, self._bus.publish
        vad = ContainedVad(self._engines.vad)
        self._words = wake_words_of(settings.wake)
        self._false_wakes = FalseWakes()
        self._sensitivity = Sensitivity(settings.listen.sensitivity, settings.listen.sensitivities)
        self._link = CurrentLink()
        self._wake_stream = wake_stream = WakeStream(
            settings, vad, self._link, self._speech.activity
        )
        self._stop_words = await stop_detection(
            settings, self._engines.local_asr, self._speech.output, self._reference
        )
        source = Fanout(
            self._front_end,
            wake_stream.hear,
            self._stop_words.hear,
            self._recorder.hear,
            self._supervision.heartbeat.hear,
        )
        self._listener = Listener(
            source,
            self._without_own_voice(self._engines.wake),
            vad,
            settings.listen,
            publish,
            attentive=lambda: not wake_stream.active,
            waits=isinstance(self._mic, WaitsForReader) and self._mic.waits,
            own_voice=partial(hears_itself, self._reference),
        )
        self._choice = WakeWordChoice(
            settings.name, lambda: self._listener.wake.describe(), lambda: self._words
        )

    def _build_turns(self) -> None:
        """Make what answers an utterance: Home Assistant or our own turns, here or elsewhere."""
        settings, publish = self._settings, self._bus.publish
        speech, self._follow_up = self._speech, FollowUp(settings.listen.follow_up)
        self._peer = HomeAssistantPeer(
            settings,
            self._link,
            self._wake_stream,
            speech.output,
            speech.announcer,
            speech.timers,
            self._mute,
            listen_now=self._listener.listen_now,
            info=self._info,
            memory=self._doors.memory,
            request_answer=self._follow_up.request,
            used=self._doors.used,
            wyoming=self._doors.by_wyoming,
        )
        self._turns = TurnParts(
            speech,
            self._engines.assistants,
            self._follow_up,
            self._listener.listen_now,
            self._peer.driver_for,
            self._people,
            self._melody,
        )
        self._arbiter = Arbiter(
            settings,
            self._turns.manager,
            self._listener,
            publish,
            on_yield=self._wake_stream.invalidate,
        )

    def _build_controls(self) -> None:
        """Make what operates the satellite: programs by HTTP, hooks such as buttons, reloads; and
        what browsers have of it."""
        self._reload = Reload(
            self._settings, self._engines.wake, self._read, self._adopt, self._engines.context
        )
        self._controls = Controls(
            self._settings,
            self._bus,
            self._turns.context,
            self._speech.activity,
            self._speech.output,
            self._speech.sounds,
            self._mute,
            self._speech.announcer,
            listen_now=self._listener.listen_now,
            reload=self._reload.now,
            facts=self._facts,
            memory=self._doors.memory,
        )
        self._hooks.operate(self._controls)
        self._updates = self._make_updater()
        engines = self._engines
        self._house = House(
            self._settings,
            SharedEngines(
                context=engines.context,
                llm=engines.turn.llm,
                asr=engines.turn.asr,
                tts=engines.turn.tts,
                wake=engines.wake,
            ),
        )

    def _shown(self) -> Shown:
        """Return what Home Assistant sees of this satellite by ESPHome's API."""
        return Shown(
            mute=self._mute,
            words=self._choice,
            volume=lambda: self._playback.volume,
            set_volume=self._controls.volume,
            hush=self._speech.output.hush,
            talk=self._listener.listen_now,
            engines=self._roles,
            level=self._level,
            settings=lambda: self._reload.settings,
            save=self._save,
            reload=self._reload.now,
            lamps=self._hooks.lamps,
            report=self._hooks.report,
            attempt=self._attempt,
            updates=self._updates,
        )

    def _make_updater(self) -> Updater | None:
        check, activity = self._settings.updates.check, self._speech.activity
        if check == "off":
            return None
        return Updater(
            Installation.own(),
            may_install=check == "install",
            busy=lambda: activity.phase != "idle" or activity.announcing or not activity.idle,
            end=end_for_restart(),
        )

    async def _attempt(self, component: str) -> None:
        """Load a wake component and close it. Raises `SatelliteError`."""
        engine = await loaded(component, self._engines.context)
        await engine.close()

    def _level(self) -> float | None:
        """Return the level of the microphone's newest sound in dBFS; None while it is muted."""
        return None if self._mute.muted else level(self._listener.recent(PERIOD)).rms

    async def _run_tasks(self) -> None:
        """Run all parts until the listener ends."""
        async with (
            asyncio.TaskGroup() as tasks,
            self._doors.open(self._peer, self._shown()),
            http_server(
                self._settings,
                satellite_door(self._settings),
                self._routes(),
                self._supervision.pages,
            ),
        ):
            parts = {
                **self._turns.tasks,
                "home assistant": self._peer.run,
                "arbitration": self._arbiter.run,
                "stop words": self._stop_words.run,
                "false wakes": lambda: self._false_wakes.follow(self._bus),
                "reload": self._reload.run,
            }
            if self._updates is not None:
                parts["updates"] = self._updates.run
            helpers = [
                tasks.create_task(Containment(f"the part for {name}").run(run), name=name)
                for name, run in parts.items()
            ]
            try:
                await self._microphone.open()
                await self._front_end.settle()
                _check_words(self._settings, self._words)
                self._report_ready()
                await self._listener.run(
                    self._accept,
                    idle=lambda: self._speech.activity.idle,
                    answer_age=self._turns.manager.answer_age,
                )
            finally:
                self._supervision.heartbeat.end()
                self._house.close()
                for helper in helpers:
                    helper.cancel()

    def _accept(self, utterance: Utterance) -> bool:
        """Accept an utterance, unless Home Assistant has switched its wake word off."""
        return self._choice.accepts(utterance.detection) and self._arbiter.accept(utterance)

    async def _adopt(self, changed: Settings, engine: Wake | None) -> None:
        """Use changed settings, with a loaded wake engine if that changed."""
        sound = changed.sound
        await self._front_end.clean_by(sound.noise_suppression, sound.auto_gain)
        self._words = wake_words_of(changed.wake)
        if engine is not None:
            await self._listener.use_engine(self._without_own_voice(engine))
        self._arbiter.set_wake_words(self._words)
        self._engines.assistants.set_wake_words(changed)
        self._follow_up.use(changed.listen.follow_up)
        self._stop_words.use(changed.listen.stop_words)
        self._sensitivity.use(changed.listen.sensitivity, changed.listen.sensitivities)
        self._front_end.amplify(sound.mic_volume)
        _check_words(changed, self._words)
        words = tuple(self._words.values())
        self._bus.publish(events.WakeWords(words=words, engine=label(self._listener.wake)))

    def _routes(self) -> list[MakeRoutes]:
        """Return what makes the HTTP routes, once a client has come."""
        settings, memory = self._settings, self._doors.memory
        engines = SatelliteEngines(settings, self._engines.turn, self._turns.context)
        made: list[MakeRoutes] = [
            partial(make_api_routes, self._controls),
            partial(make_engine_routes, engines, memory),
            partial(make_timer_routes, self._speech.timers, settings.language, memory),
            partial(make_page_routes, self._house),
        ]
        if self._machine is not None:
            made.append(partial(self._machine, memory, self._reload_settings))
        return made

    async def _reload_settings(self) -> tuple[str, ...]:
        """Read the settings again; return those that take a restart."""
        return (await self._reload.now()).restart

    def _without_own_voice(self, engine: Wake) -> OwnVoice:
        """Return a wake engine that ignores what the satellite itself says, is as sensitive as the
        settings want, and stricter after false wakes."""
        if isinstance(engine, WakeEngine):
            engine.heed(self._sensitivity.threshold, self._false_wakes.threshold)
        return OwnVoice(engine, self._reference, self._bus.publish)

    def _info(self) -> WyomingEvent:
        """Return the answer to Home Assistant's `describe`."""
        wake = self._listener.wake.describe()
        return info_event(self._settings, wake, self._words, self._doors.by_wyoming)

    def _facts(self) -> dict[str, Any]:
        """Return the fields of the state that programs are shown besides those of `Controls`."""
        newest = self._listener.recent(PERIOD)
        return {**self._snapshot.facts(), "level": level(newest).rms}

    def _roles(self) -> dict[str, str]:
        """Return the engines that do the work, by their roles."""
        engines = self._engines
        return {
            "wake": label(engines.wake),
            "asr": label(engines.turn.asr),
            "llm": label(engines.turn.llm),
            "tts": label(engines.turn.tts),
        }

    def _report_ready(self) -> None:
        """Publish and log that listening has begun, and which engines do the work."""
        roles = self._roles()
        self._bus.publish(events.Ready(name=self._settings.name, engines=roles))
        for gap in self._engines.gaps:
            _LOGGER.warning("%s", gap)
        _LOGGER.info("listening; %s", ", ".join(f"{r}: {engine}" for r, engine in roles.items()))


def _check_words(settings: Settings, known: Mapping[str, str]) -> None:
    """Warn of assistants that can never be called; `known` are the words listened for."""
    for name, word in assistant_wake_words(settings):
        if known and normalized_word(word) not in known:
            _LOGGER.warning(
                "the wake component does not detect %s, the wake word of assistants.%s; it detects "
                "%s: name all words there, as in --wake two-stage:okay_nabu,hey_jarvis",
                word,
                name,
                ", ".join(sorted(known.values())),
            )


@asynccontextmanager
async def _opened_speaker(
    settings: Settings, publish: Callable[[events.Event], None], reference: PlaybackReference
) -> AsyncGenerator[Playback, None]:
    """The speaker of the settings, opened; closed when the block is left."""
    chosen = settings.speaker if settings.speaker != AUTO else devices.default_speaker()
    playback = Playback(
        spec.create("speaker", chosen),
        publish,
        settings.deadlines.speaker,
        volume=settings.volume,
        tap=reference,
    )
    try:
        await playback.open()
        yield playback
    finally:
        await playback.close()
