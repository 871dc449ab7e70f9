"""The routes of a satellite's API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from satellite.announcements import announcement as announcements
from satellite.audio.wavfile import parse_wav
from satellite.errors import UsageError
from satellite.http.api import control_types as types
from satellite.http.api.route import JSON, ApiRoute, Nothing
from satellite.http.body import read_body
from satellite.http.commands import Commands
from satellite.http.controls import Controls
from satellite.http.event_stream import stream
from satellite.http.request_body import read_facts
from satellite.http.route import Handler, Route, json_answer
from satellite.net.memory_budget import reserved
from satellite.values import AudioChunk

LONGEST = 600.0
"""Seconds of the longest sound: as much as Home Assistant may announce."""

_WAV = ("audio/wav", "audio/x-wav", "audio/wave")


def api_routes(controls: Controls) -> Sequence[Route]:
    """Return the routes that control a satellite, and that of its events."""
    api = _Api(controls)
    state = ApiRoute(
        "GET", "/api/state", api.state, summary="Return the state", gives={JSON: types.State}
    )
    announce = ApiRoute(
        "POST",
        "/api/announce",
        api.announce,
        summary="Announce a text or a sound, here or on other satellites",
        takes={JSON: types.Announced, _WAV[0]: None},
        gives={JSON: types.Outcomes},
        statuses=(200, 202),
    )
    return [
        state,
        announce,
        _post("mute", api.mute, "Mute or unmute", types.MuteRequest, types.Muted),
        _post("reload", api.reload, "Read the settings again", None, types.ReloadAnswer),
        _post("wake", api.wake, "Listen, as after the wake word", None, Nothing),
        _post("stop", api.stop, "Silence what is said or rung", None, Nothing),
        _post("volume", api.volume, "Set the loudness", types.VolumeRequest, types.Volume),
        Route("GET", "/events", api.events),
    ]


def _post(name: str, handler: Handler, summary: str, takes: Any, gives: Any) -> ApiRoute:
    return ApiRoute(
        "POST",
        f"/api/{name}",
        handler,
        summary=summary,
        takes={JSON: takes} if takes else {},
        gives={JSON: gives},
    )


class _Api:
    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._commands = Commands(controls)

    async def state(self, request: web.Request) -> web.StreamResponse:
        return json_answer(self._controls.state())

    async def events(self, request: web.Request) -> web.StreamResponse:
        return await stream(request, self._controls.bus, self._commands.reply_to)

    async def mute(self, request: web.Request) -> web.StreamResponse:
        muted = (await self._facts(request)).get("muted")
        if muted is not None and not isinstance(muted, bool):
            raise UsageError("muted: true or false, or nothing to change it")
        return json_answer({"muted": self._controls.mute(muted)})

    async def reload(self, request: web.Request) -> web.StreamResponse:
        return json_answer(await self._controls.reload())

    async def wake(self, request: web.Request) -> web.StreamResponse:
        if not self._controls.wake():
            raise web.HTTPConflict(reason="the satellite listens already, or is muted")
        return json_answer({})

    async def stop(self, request: web.Request) -> web.StreamResponse:
        self._controls.stop()
        return json_answer({})

    async def volume(self, request: web.Request) -> web.StreamResponse:
        self._controls.volume((await self._facts(request)).get("level"))
        return json_answer({"volume": self._controls.state()["volume"]})

    async def announce(self, request: web.Request) -> web.StreamResponse:
        with reserved(self._controls.memory) as add:
            what, facts = await _announced(request, add)
        to, wait = facts.pop("to", ()), facts.pop("wait", True)
        names = (
            (to,) if isinstance(to, str) else tuple(to) if isinstance(to, list | tuple) else None
        )
        if names is None or not all(isinstance(name, str) for name in names):
            raise UsageError("to: the name or address of a satellite, a list of them, or all")
        style = announcements.parse_style(facts)
        became = await self._controls.announce(what, style, names, wait is True)
        return json_answer({"outcomes": became}, 200 if wait is True else 202)

    async def _facts(self, request: web.Request) -> dict[str, Any]:
        with reserved(self._controls.memory) as add:
            return await _facts(request, add)


async def _announced(
    request: web.Request, add: Callable[[int], None]
) -> tuple[str | AudioChunk, dict[str, Any]]:
    """Return the text or sound to announce, and the other facts of the request."""
    if request.content_type in _WAV:
        content = await read_body(request, add)
        facts: dict[str, Any] = dict(request.query)
        if "to" in facts:
            facts["to"] = facts["to"].split(",")
        for name in ("chime", "wait"):
            if name in facts:
                facts[name] = facts[name].lower() in ("true", "yes", "on", "1")
        return await _sound(content), facts
    facts = await _facts(request, add)
    if (content := facts.pop("wav", None)) is None:
        return announcements.check_text(facts.pop("text", None)), facts
    if not isinstance(content, bytes):
        raise UsageError("wav: a WAV file in base64")
    return await _sound(content), facts


async def _sound(content: bytes) -> AudioChunk:
    form, audio = await asyncio.to_thread(parse_wav, content, "the WAV file that was sent", LONGEST)
    return AudioChunk(audio=audio, format=form)


async def _facts(request: web.Request, add: Callable[[int], None]) -> dict[str, Any]:
    return await read_facts(await read_body(request, add))
