"""What can be done at the desk, and what is needed of the satellite for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec

from satellite.announcements import remote
from satellite.announcements.announcement import Announcement, AnnouncementStyle, Outcome
from satellite.announcements.announcer import Announcer
from satellite.engines.reload import Reloaded
from satellite.errors import SatelliteError, UsageError
from satellite.lib.bus import Bus
from satellite.listening.mute import Mute
from satellite.net.pairing import Pairing
from satellite.settings import Settings
from satellite.turns import actions
from satellite.values import Action, AudioChunk, Situation

HERE = "here"
"""Whom an announcement is for where nobody is named: this satellite."""


class ControlledTurns(Protocol):
    """See `satellite.turns.manager.TurnManager`."""

    muting: Mute

    @property
    def phase(self) -> str: ...

    def situation(self) -> Situation: ...

    def act(self, action: Action) -> None: ...

    def mute(self, muted: bool) -> None: ...

    def hush(self) -> None: ...


class Controls:
    """The satellite, as programs use it."""

    def __init__(
        self,
        settings: Settings,
        satellite: ControlledTurns,
        announcer: Announcer,
        bus: Bus,
        begin: Callable[[], bool],
    ) -> None:
        """`begin` listens to somebody who has not said the wake word; False where it cannot."""
        self.bus = bus
        self._settings = settings
        self._satellite = satellite
        self._announcer = announcer
        self._pairing = Pairing(settings.pairing)
        self._begin = begin
        self.reloading: Callable[[], Awaitable[Reloaded]] = _nothing_to_read
        """See `satellite.engines.reload.Reload.now`."""
        self.more: Callable[[], dict[str, Any]] = dict
        """What else is told of the satellite: see `satellite.diagnostics.stats.snapshot`."""

    def state(self) -> dict[str, Any]:
        """What the satellite does now."""
        now = self._satellite.situation()
        return {
            "name": self._settings.name,
            "area": now.area,
            "phase": self._satellite.phase,
            "muted": self._satellite.muting.muted,
            "volume": now.volume,
            "ringing": now.ringing,
            "timers": msgspec.to_builtins(now.timers),
            "alarms": msgspec.to_builtins(now.alarms),
            **self.more(),
        }

    def mute(self, muted: bool | None) -> bool:
        """Close the microphone, open it, or (None) what it is not; whether it is closed now."""
        self._satellite.mute(not self._satellite.muting.muted if muted is None else muted)
        return self._satellite.muting.muted

    async def reload(self) -> dict[str, Any]:
        """Read the settings again: what is in use now, and what takes a restart.

        Raises `SatelliteError` where something is wrong, and nothing has changed.
        """
        done = await self.reloading()
        return {"changed": list(done.changed), "restart": list(done.restart)}

    def wake(self) -> bool:
        """Listen as after the wake word; False where somebody is listened to, or nobody may be."""
        return self._begin()

    def stop(self) -> None:
        """End what is said or rung."""
        self._satellite.hush()

    def volume(self, level: object) -> None:
        """Set the loudness, 0 to 1. Raises `UsageError`."""
        action = Action(name="volume.set", data={"level": level})
        try:
            actions.read(action)
        except SatelliteError as error:
            raise UsageError("level: a number from 0 to 1") from error
        self._satellite.act(action)

    async def announce(
        self, what: str | AudioChunk, manner: AnnouncementStyle, to: tuple[str, ...], wait: bool
    ) -> dict[str, Outcome | str]:
        """Announce a text or sound here, or on satellites by name, by address, or on all.

        What became of it, or `queued` where it is not waited for. Raises `SatelliteError`.
        """
        became: dict[str, Outcome | str] = {}
        whom = [name for name in to if name not in (HERE, self._settings.name)]
        if not to or len(whom) < len(to) or remote.ALL in to:
            outcome = self._here(what, manner)
            became[self._settings.name] = await outcome if wait and not whom else "queued"
        if whom:
            found = await remote.resolve(whom, self._pairing)
            failed = await remote.announce_to_all(found, what, manner, self._pairing)
            became |= {name: str(failed.get(name, "heard")) for name in found}
        return became

    def _here(self, what: str | AudioChunk, manner: AnnouncementStyle) -> Any:
        if isinstance(what, str):
            return self._announcer.say(what, manner)

        async def whole() -> Any:
            yield what

        return self._announcer.submit(Announcement(whole, manner=manner))


async def _nothing_to_read() -> Reloaded:
    raise UsageError("this satellite has no settings that could be read again")
