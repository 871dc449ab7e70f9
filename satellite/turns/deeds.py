"""What a brain asks for, done."""

from __future__ import annotations

import logging
from collections.abc import Callable

from satellite.audio.playback import Playback
from satellite.errors import EngineFailed
from satellite.listening.mute import Mute
from satellite.timers import Timers
from satellite.turns import actions
from satellite.values import Action

_LOGGER = logging.getLogger(__name__)


class Deeds:
    """Does what is asked for; `listen` is called where an answer is to be listened to."""

    def __init__(
        self, timers: Timers, playback: Playback, mute: Mute, listen: Callable[[], None]
    ) -> None:
        self._timers = timers
        self._playback = playback
        self._mute = mute
        self._listen = listen
        self.broadcast: Callable[[str], None] = lambda text: None
        """Says a text on all other satellites, without being waited for."""

    def act(self, action: Action) -> None:
        """Do it; what cannot be done is logged and left."""
        try:
            known = actions.read(action)
        except EngineFailed as error:
            _LOGGER.warning("%s", error)
            return
        match known:
            case actions.SetVolume(level=level):
                self._playback.volume = level
            case actions.Stop():
                self._timers.dismiss()
            case actions.Mute():
                self._mute.set(True)
            case actions.Listen():
                self._listen()
            case actions.Broadcast(text=text):
                self.broadcast(text)
            case _:
                self._keep_time(known)

    def _keep_time(self, known: actions.Timing) -> None:
        match known:
            case actions.StartTimer(seconds=seconds, name=name):
                self._timers.start(seconds, name)
            case actions.ChangeTimer():
                self._change(known)
            case actions.CancelTimer(id=id_):
                self._timers.cancel(id_)
            case actions.SetAlarm(hour=hour, minute=minute, date=day, days=days, name=name):
                self._timers.set_alarm(hour, minute, day=day, days=days, name=name)
            case actions.CancelAlarm(id=id_):
                self._timers.cancel_alarm(id_)
            case actions.Snooze(seconds=seconds):
                self._timers.snooze(seconds)

    def _change(self, wish: actions.ChangeTimer) -> None:
        if wish.add:
            self._timers.add(wish.id, wish.add)
        if wish.paused is not None:
            self._timers.pause(wish.id, wish.paused)
