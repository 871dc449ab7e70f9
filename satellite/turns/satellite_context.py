"""The satellite around its turns."""

from __future__ import annotations

import datetime
from collections.abc import AsyncGenerator, Callable

from satellite.audio.playback import Playback
from satellite.errors import SatelliteError
from satellite.events import Event, PhaseName
from satellite.languages.names import areas_for, names_for
from satellite.settings import Settings
from satellite.timers import TimerManager
from satellite.turns.actions import ActionRunner
from satellite.turns.activity import Activity
from satellite.turns.sounds import Sounds
from satellite.values import Action, AudioChunk, Situation


class SatelliteContext:
    """The `satellite.turns.context.TurnContext` of every turn of one satellite."""

    def __init__(
        self,
        settings: Settings,
        publish: Callable[[Event], None],
        activity: Activity,
        playback: Playback,
        sounds: Sounds,
        timers: TimerManager,
        actions: ActionRunner,
    ) -> None:
        self.publish = publish
        self._settings = settings
        self._activity = activity
        self._playback = playback
        self._sounds = sounds
        self._timers = timers
        self._actions = actions

    @property
    def heard_seconds(self) -> float:
        """Seconds of the newest sound that were heard."""
        return self._playback.heard_seconds

    def enter(self, phase: PhaseName) -> None:
        """Change the phase, with the sound that belongs to it."""
        if self._activity.enter(phase) and phase == "thinking" and self._settings.cues.done:
            self._sounds.start_cue("done")

    def situation(self) -> Situation:
        """Describe this satellite to the language model."""
        return Situation(
            satellite=self._settings.name,
            now=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
            area=self._settings.area or None,
            timers=self._timers.states(),
            alarms=self._timers.alarms(),
            volume=self._playback.volume,
            ringing=self._timers.ringing,
            names=names_for(self._settings.home, self._settings.language),
            areas=areas_for(self._settings.home, self._settings.language),
        )

    def execute(self, action: Action) -> Callable[[], None] | None:
        """Execute an action; one that cannot be executed is logged and skipped. Return what undoes
        it, if anything."""
        return self._actions.execute(action)

    async def play(
        self, audio: AsyncGenerator[AudioChunk, None], on_first: Callable[[], None]
    ) -> None:
        """Play speech and return when it has been heard. Raises `DeviceError`."""
        await self._playback.play(audio, on_first=on_first)

    async def apologise(
        self, reason: str, error: SatelliteError | None = None, language: str | None = None
    ) -> None:
        """Say that it did not work, and why, or play the sound for it. Raises `DeviceError`."""
        await self._sounds.apologise(reason, error, language)
