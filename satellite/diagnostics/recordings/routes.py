"""Recordings by HTTP: listed, heard, deleted. They are for people alone: see `rights`."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web

from satellite.diagnostics.recordings.folder import Recording, RecordingFolder
from satellite.http.api.rights import require_log_in
from satellite.http.api.route import JSON, ApiRoute, json_answer
from satellite.settings import RecordingSettings

WAV = "audio/wav"


class RecordingList(msgspec.Struct, frozen=True):
    """The recordings, newest first, and whether more are made."""

    recordings: tuple[Recording, ...]
    turns: bool
    near_misses: bool


def recording_routes(settings: RecordingSettings) -> list[ApiRoute]:
    """Return the routes."""
    handlers = _Handlers(settings)
    return [
        ApiRoute(
            method="GET",
            path="/api/recordings",
            summary="List the recordings, newest first",
            handler=handlers.listed,
            gives={JSON: RecordingList},
        ),
        ApiRoute(
            method="GET",
            path="/api/recordings/{id}",
            summary="Return the sound of a recording",
            handler=handlers.sound,
            gives={WAV: None},
        ),
        ApiRoute(
            method="DELETE",
            path="/api/recordings/{id}",
            summary="Delete a recording",
            handler=handlers.delete,
            gives={JSON: RecordingList},
        ),
    ]


class _Handlers:
    def __init__(self, settings: RecordingSettings) -> None:
        self._settings = settings
        self._folder = RecordingFolder(settings)

    async def listed(self, request: web.Request) -> web.StreamResponse:
        require_log_in("listing recordings")
        found = await asyncio.to_thread(self._folder.recordings)
        settings = self._settings
        return json_answer(RecordingList(tuple(found), settings.turns, settings.near_misses))

    async def sound(self, request: web.Request) -> web.StreamResponse:
        require_log_in("hearing recordings")
        name = await self._named(request)
        headers = {"Content-Type": WAV, "Cache-Control": "no-store"}
        return web.FileResponse(self._folder.sound(name), headers=headers)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        require_log_in("deleting recordings")
        await asyncio.to_thread(self._folder.delete, await self._named(request))
        return await self.listed(request)

    async def _named(self, request: web.Request) -> str:
        """Return the id of a recording that exists: a path is never made of anything else."""
        wanted = request.match_info["id"]
        for recording in await asyncio.to_thread(self._folder.recordings):
            if recording.id == wanted and self._folder.sound(wanted).is_file():
                return recording.id
        raise web.HTTPNotFound(reason="no recording has that id: see GET /api/recordings")
