"""The timers and alarms of a satellite: listed, set, changed, cancelled."""

from __future__ import annotations

import uuid
from typing import Annotated

import msgspec
from aiohttp import web

from satellite.http.api.route import JSON, ApiRoute, LanguageCode, body_of, json_answer
from satellite.http.route import Handler
from satellite.net.memory_budget import MemoryBudget
from satellite.timers import TimerManager
from satellite.timers.schedule import LONGEST
from satellite.turns.actions import SetAlarm, SpokenText
from satellite.values import AlarmState, TimerState

Seconds = Annotated[float, msgspec.Meta(ge=-LONGEST, le=LONGEST)]


class NewTimer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A timer to start."""

    seconds: Annotated[float, msgspec.Meta(ge=0, le=LONGEST)]
    name: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    text: SpokenText | None = None
    """The text that is spoken when it rings."""
    command: SpokenText | None = None
    """A request that is carried out in place of ringing."""
    language: LanguageCode | None = None
    """The language of the text or the command."""


class TimerChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change of a timer."""

    add: Seconds = 0.0
    """Seconds to add; to subtract, if negative."""
    paused: bool | None = None


class SnoozeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long to wait until it rings again."""

    seconds: Annotated[float, msgspec.Meta(ge=1, le=86400)] = 540.0


class TimerList(msgspec.Struct, frozen=True):
    """The timers and alarms that are set, soonest first."""

    timers: tuple[TimerState, ...]
    alarms: tuple[AlarmState, ...]
    ringing: bool
    """Whether anything rings; `POST /api/stop` silences it."""


def timer_routes(timers: TimerManager, language: str, memory: MemoryBudget) -> list[ApiRoute]:
    """Return the routes; `language` is that of texts to speak without one."""
    handlers = _Handlers(timers, language, memory)
    start, alarm = handlers.start, handlers.set_alarm
    return [
        _route("GET", "timers", "List timers and alarms", handlers.listed),
        _route("POST", "timers", "Start a timer", start, NewTimer, TimerState, 201),
        _route("PATCH", "timers/{id}", "Change a timer", handlers.change, TimerChange),
        _route("DELETE", "timers/{id}", "Cancel a timer", handlers.cancel),
        _route("POST", "alarms", "Set an alarm", alarm, SetAlarm, AlarmState, 201),
        _route("DELETE", "alarms/{id}", "Cancel an alarm", handlers.cancel_alarm),
        _route("POST", "snooze", "Ring again later", handlers.snooze, SnoozeRequest),
    ]


def _route(
    method: str,
    name: str,
    summary: str,
    handler: Handler,
    takes: type | None = None,
    gives: type = TimerList,
    status: int = 200,
) -> ApiRoute:
    return ApiRoute(
        method=method,
        path=f"/api/{name}",
        summary=summary,
        handler=handler,
        takes={JSON: takes} if takes else {},
        gives={JSON: gives},
        statuses=(status,),
    )


class _Handlers:
    def __init__(self, timers: TimerManager, language: str, memory: MemoryBudget) -> None:
        self._timers = timers
        self._language = language
        self._memory = memory

    async def listed(self, request: web.Request) -> web.StreamResponse:
        timers = self._timers
        return json_answer(TimerList(timers.states(), timers.alarms(), timers.ringing))

    async def start(self, request: web.Request) -> web.StreamResponse:
        wanted = await body_of(request, self._memory, NewTimer)
        id_ = uuid.uuid4().hex[:8]
        self._timers.start(
            wanted.seconds,
            wanted.name,
            id_,
            wanted.text,
            wanted.command,
            wanted.language or self._language,
        )
        found = next((timer for timer in self._timers.states() if timer.id == id_), None)
        if found is None:
            raise web.HTTPConflict(reason="as many timers run as can: cancel one first")
        return json_answer(found, 201)

    async def change(self, request: web.Request) -> web.StreamResponse:
        wanted = await body_of(request, self._memory, TimerChange)
        timer = self._timer(request)
        if wanted.add:
            self._timers.add(timer.id, wanted.add)
        if wanted.paused is not None:
            self._timers.pause(timer.id, wanted.paused)
        return await self.listed(request)

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        self._timers.cancel(self._timer(request).id)
        return await self.listed(request)

    async def set_alarm(self, request: web.Request) -> web.StreamResponse:
        wanted = await body_of(request, self._memory, SetAlarm)
        before = {alarm.id for alarm in self._timers.alarms()}
        self._timers.set_alarm(
            wanted.hour,
            wanted.minute,
            day=wanted.date,
            days=wanted.days,
            name=wanted.name,
            text=wanted.text,
            language=wanted.language or self._language,
        )
        for alarm in self._timers.alarms():
            if alarm.id not in before:
                return json_answer(alarm, 201)
        raise web.HTTPConflict(
            reason="the alarm was not set: it would not ring within a year, or too many are set"
        )

    async def cancel_alarm(self, request: web.Request) -> web.StreamResponse:
        id_ = request.match_info["id"]
        if all(alarm.id != id_ for alarm in self._timers.alarms()):
            raise web.HTTPNotFound(reason="no alarm has that id, or it rings: see GET /api/timers")
        self._timers.cancel_alarm(id_)
        return await self.listed(request)

    async def snooze(self, request: web.Request) -> web.StreamResponse:
        wanted = await body_of(request, self._memory, SnoozeRequest)
        if not self._timers.ringing:
            raise web.HTTPConflict(reason="nothing rings")
        self._timers.snooze(wanted.seconds)
        return await self.listed(request)

    def _timer(self, request: web.Request) -> TimerState:
        """Return the timer of a request's path. Raises `web.HTTPNotFound`."""
        for timer in self._timers.states():
            if timer.id == request.match_info["id"]:
                return timer
        raise web.HTTPNotFound(reason="no timer has that id, or it rings: see GET /api/timers")
