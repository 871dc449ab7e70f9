"""The controls of a satellite, for programs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import ExitStack
from typing import Any

import msgspec

from satellite.announcements import remote
from satellite.announcements.announcement import Announcement, AnnouncementStyle, Outcome
from satellite.announcements.announcer import Announcer
from satellite.engines.reload import Reloaded
from satellite.errors import SatelliteError, UsageError
from satellite.lib.bus import Bus
from satellite.listening.mute import Mute
from satellite.net.memory_budget import MemoryBudget, reserved
from satellite.net.pairing import Pairing
from satellite.settings import Settings
from satellite.turns import actions
from satellite.turns.activity import Activity
from satellite.turns.context import TurnContext
from satellite.turns.sounds import Sounds
from satellite.turns.speech_output import SpeechOutput
from satellite.values import Action, AudioChunk

HERE = "here"
"""The target of an announcement without a name: this satellite."""


class Controls:
    """The satellite, as programs use it."""

    def __init__(
        self,
        settings: Settings,
        bus: Bus,
        context: TurnContext,
        activity: Activity,
        output: SpeechOutput,
        sounds: Sounds,
        mute: Mute,
        announcer: Announcer,
        *,
        listen_now: Callable[[], bool],
        reload: Callable[[], Awaitable[Reloaded]],
        facts: Callable[[], dict[str, Any]],
        memory: MemoryBudget | None = None,
    ) -> None:
        """`listen_now` starts an utterance without a wake word and returns whether it could;
        `reload` is `satellite.engines.reload.Reload.now`; `facts` returns more fields for
        `state`; `memory` counts what programs make the satellite hold."""
        self.bus = bus
        self.memory = memory or MemoryBudget()
        self._settings = settings
        self._context = context
        self._activity = activity
        self._output = output
        self._sounds = sounds
        self._mute = mute
        self._announcer = announcer
        self._pairing = Pairing(settings.pairing)
        self._listen_now = listen_now
        self._reload = reload
        self._facts = facts

    def state(self) -> dict[str, Any]:
        """Return the state of the satellite as plain values."""
        now = self._context.situation()
        return {
            "name": self._settings.name,
            "area": now.area,
            "phase": self._activity.phase,
            "muted": self._mute.muted,
            "volume": now.volume,
            "ringing": now.ringing,
            "timers": msgspec.to_builtins(now.timers),
            "alarms": msgspec.to_builtins(now.alarms),
            **self._facts(),
        }

    def mute(self, muted: bool | None) -> bool:
        """Mute or unmute the microphone, or toggle it (None); return whether it is muted now."""
        wanted = not self._mute.muted if muted is None else muted
        self._mute.set(wanted)
        if self._settings.cues.mute:
            self._sounds.start_cue("mute" if wanted else "unmute")
        return self._mute.muted

    async def reload(self) -> dict[str, Any]:
        """Read the settings again; return those in use now, and those that take a restart.

        Raises `SatelliteError` for wrong settings; nothing has changed then.
        """
        done = await self._reload()
        return {"changed": list(done.changed), "restart": list(done.restart)}

    def wake(self) -> bool:
        """Listen as after the wake word; return False while it listens already, or is muted."""
        return self._listen_now()

    def stop(self) -> None:
        """Silence what is said or rung."""
        self._output.hush()

    def volume(self, level: object) -> None:
        """Set the loudness, 0 to 1. Raises `UsageError`."""
        action = Action(name="volume.set", data={"level": level})
        try:
            actions.parse(action)
        except SatelliteError as error:
            raise UsageError("level: a number from 0 to 1") from error
        self._context.execute(action)

    def execute(self, action: Action) -> None:
        """Execute an action about timers or alarms that was checked."""
        self._context.execute(action)

    async def announce(
        self, content: str | AudioChunk, style: AnnouncementStyle, to: tuple[str, ...], wait: bool
    ) -> dict[str, Outcome | str]:
        """Announce a text or sound here, or on satellites by name, by address, or on all.

        Returns the outcome by name; `queued` without waiting. Raises `SatelliteError`, such as
        `EngineBusy` when too much is held.
        """
        outcomes: dict[str, Outcome | str] = {}
        others = [name for name in to if name not in (HERE, self._settings.name)]
        if not to or len(others) < len(to) or remote.ALL in to:
            outcome = self._announce_here(content, style)
            outcomes[self._settings.name] = await outcome if wait and not others else "queued"
        if others:
            found = await remote.resolve(others, self._pairing)
            with reserved(self.memory) as add:
                add(_size(content))
                failed = await remote.announce_to_all(found, content, style, self._pairing)
            outcomes |= {name: str(failed.get(name, "heard")) for name in found}
        return outcomes

    def _announce_here(
        self, content: str | AudioChunk, style: AnnouncementStyle
    ) -> asyncio.Future[Outcome]:
        if isinstance(content, str):
            return self._announcer.say(content, style)

        async def whole() -> AsyncGenerator[AudioChunk, None]:
            yield content

        held = ExitStack()
        try:
            held.enter_context(reserved(self.memory))(_size(content))
            announcement = Announcement(whole, style=style, discard=held.close)
            return self._announcer.submit(announcement)
        except SatelliteError:
            held.close()
            raise


def _size(content: str | AudioChunk) -> int:
    """Return the bytes that an announcement holds."""
    return len(content) if isinstance(content, str) else len(content.audio)
