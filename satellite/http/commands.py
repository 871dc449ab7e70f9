"""Commands of peripherals, such as a panel with buttons, by the WebSocket of the events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from satellite.errors import SatelliteError, UsageError
from satellite.http.controls import Controls
from satellite.lib.decoding import Undecodable, from_json
from satellite.text.quoted import quoted
from satellite.turns import actions
from satellite.values import Action

TIMERS = frozenset(
    {"timer.start", "timer.change", "timer.cancel", "alarm.set", "alarm.cancel", "snooze"}
)
"""Actions of a language model that are commands, too."""

Name = Annotated[str, msgspec.Meta(max_length=32)]
Id = Annotated[str, msgspec.Meta(max_length=64)] | int


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client wants done."""

    command: Name
    data: dict[str, Any] = {}
    id: Id | None = None
    """Is in the reply, by which a client knows what that is about."""


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a command; events have no field `reply`."""

    reply: str
    """The command's name; empty for what is none."""
    id: Id | None = None
    error: str | None = None
    """Why it was not done."""
    state: dict[str, Any] | None = None
    """The state afterwards, as of `GET /api/state`."""


class Commands:
    """Does what clients of the WebSocket want."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._known: dict[str, Callable[[dict[str, Any]], None]] = {
            "talk": self._talk,
            "stop": self._stop,
            "mute": self._mute,
            "volume": self._volume,
            "state": _take_nothing,
        }

    def reply_to(self, message: str) -> bytes:
        """Do what a message wants, and return the reply as JSON."""
        try:
            command = from_json(message, Command)
        except Undecodable as error:
            return _json(Reply("", error=f"no command: {error}"))
        try:
            self._do(command)
        except SatelliteError as error:
            return _json(Reply(command.command, command.id, error=str(error)))
        return _json(Reply(command.command, command.id, state=self._controls.state()))

    def _do(self, command: Command) -> None:
        if command.command in TIMERS:
            self._time(Action(name=command.command, data=command.data))
        elif (known := self._known.get(command.command)) is not None:
            known(command.data)
        else:
            names = ", ".join((*self._known, *sorted(TIMERS)))
            raise UsageError(f"{quoted(command.command)} is no command (known: {names})")

    def _talk(self, data: dict[str, Any]) -> None:
        _take_nothing(data)
        if not self._controls.wake():
            raise UsageError("the satellite listens already, or is muted")

    def _stop(self, data: dict[str, Any]) -> None:
        _take_nothing(data)
        self._controls.stop()

    def _mute(self, data: dict[str, Any]) -> None:
        muted = data.get("muted")
        if data.keys() - {"muted"} or not (muted is None or isinstance(muted, bool)):
            raise UsageError("data: {muted: true or false}, or nothing to change it")
        self._controls.mute(muted)

    def _volume(self, data: dict[str, Any]) -> None:
        if data.keys() != {"level"}:
            raise UsageError("data: {level: a number from 0 to 1}")
        self._controls.volume(data["level"])

    def _time(self, action: Action) -> None:
        """Execute an action about timers. Raises `UsageError` where it could do nothing."""
        try:
            wanted = msgspec.convert(action.data, actions.KINDS[action.name])
        except msgspec.ValidationError as error:
            raise UsageError(f"data: {error}") from error
        before = self._controls.state()
        known = {each["id"] for kind in ("timers", "alarms") for each in before[kind]}
        named = getattr(wanted, "id", None)
        if named is not None and named not in known:
            raise UsageError("id: no such timer or alarm is set, or it rings")
        if action.name == "snooze" and not before["ringing"]:
            raise UsageError("nothing rings")
        self._controls.execute(action)
        if action.name in ("timer.start", "alarm.set"):
            after = self._controls.state()
            if not {each["id"] for each in (*after["timers"], *after["alarms"])} - known:
                raise UsageError("as many are set as can be, or it would not ring within a year")


def _take_nothing(data: dict[str, Any]) -> None:
    if data:
        raise UsageError("data: nothing is taken")


def _json(reply: Reply) -> bytes:
    return msgspec.json.encode(reply)
