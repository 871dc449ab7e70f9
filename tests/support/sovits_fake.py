"""A server that answers as GPT-SoVITS's `api_v2.py` does, its failures included.

Read from its code of 2026-08-18: checks and messages of `/tts`, a header without a length before
streamed sound, a second of zeros at 16 kHz where the synthesis fails, and a connection that breaks
where it fails in the middle. The voice is a tone whose length is that of the text.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from satellite.audio.wavfile import wav_bytes
from satellite.values import AudioFormat
from tests.support.speech import tone

LANGUAGES = ("auto", "auto_yue", "en", "zh", "ja", "yue", "ko", "all_zh", "all_ja", "all_yue")
METHODS = ("cut0", "cut1", "cut2", "cut3", "cut4", "cut5")
ZEROS = bytes(2 * 16000)
RATES = {"v2": 32000, "v3": 24000, "v4": 48000}


class FakeSovits:
    """The requests that came, and how to answer them."""

    def __init__(self, version: str = "v2") -> None:
        self.version = version
        self.url = ""
        self.missing: set[str] = set()
        """Clips and weights that the server's machine does not have."""
        self.fails = False
        """The synthesis raises an exception at once."""
        self.fails_later = False
        """It does so after the first part of a text."""
        self.cut = False
        """The server ends in the middle of its answer."""
        self.busy = False
        """A proxy before it answers 503."""
        self.weights_delay = 0.0
        """Seconds that it takes to load weights, which a client that leaves does not end."""
        self.delay = 0.0
        """Seconds before an answer begins."""
        self.part_delay = 0.0
        """Seconds between parts of a text."""
        self.endless = False
        self.asked: list[dict[str, Any]] = []
        self.weights: list[str] = []
        """`gpt=PATH` and `sovits=PATH`, in the order in which they were set."""
        self.controlled = False
        """Whether `/control` was called, which ends a real server."""
        self.running = self.most_running = 0
        self.abandoned = 0
        """Answers whose reader left."""

    @property
    def rate(self) -> int:
        return RATES[self.version]

    async def openapi(self, request: web.Request) -> web.Response:
        paths = ("/tts", "/control", "/set_gpt_weights", "/set_sovits_weights", "/set_refer_audio")
        return web.json_response({"openapi": "3.1.0", "paths": {path: {} for path in paths}})

    async def control(self, request: web.Request) -> web.Response:
        self.controlled = True
        return web.Response()

    async def set_weights(self, request: web.Request) -> web.Response:
        kind = request.path.split("_")[1]
        path = request.query.get("weights_path", "")
        if not path:
            return web.json_response({"message": f"{kind} weight path is required"}, status=400)
        if path in self.missing:
            return web.json_response(
                {
                    "message": f"change {kind} weight failed",
                    "Exception": f"[Errno 2] No such file or directory: '{path}'",
                },
                status=400,
            )
        self.weights.append(f"{kind}={path}")
        await asyncio.sleep(self.weights_delay)
        return web.json_response({"message": "success"})

    async def tts(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        if self.busy:
            return web.Response(text="no server is available", status=503)
        if (problem := self._problem(body)) is not None:
            return web.json_response(problem, status=400)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(self.delay)
            if body["streaming_mode"]:
                return await self._streamed(request, body)
            return self._whole(body)
        except (asyncio.CancelledError, ConnectionError):
            self.abandoned += 1
            raise
        finally:
            self.running -= 1

    def _problem(self, body: dict[str, Any]) -> dict[str, str] | None:
        for field in ("ref_audio_path", "text", "text_lang", "prompt_lang"):
            if not body.get(field):
                return {"message": f"{field} is required"}
        for field in ("text_lang", "prompt_lang"):
            if body[field] not in LANGUAGES:
                name = f"{field}: {body[field]}"
                return {"message": f"{name} is not supported in version {self.version}"}
        if body["text_split_method"] not in METHODS:
            return {"message": f"text_split_method:{body['text_split_method']} is not supported"}
        if body["ref_audio_path"] in self.missing and not body["streaming_mode"]:
            path = body["ref_audio_path"]
            return {"message": "tts failed", "Exception": f"{path} not exists"}
        return None

    def _whole(self, body: dict[str, Any]) -> web.Response:
        if self.fails:
            return web.Response(body=wav_bytes(AudioFormat(16000), ZEROS), content_type="audio/wav")
        sound = b"".join(self._parts(body))
        return web.Response(body=wav_bytes(AudioFormat(self.rate), sound), content_type="audio/wav")

    async def _streamed(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "audio/wav"})
        await response.prepare(request)
        if body["ref_audio_path"] in self.missing:  # raised once the answer has begun
            return self._break_off(request, response)
        if self.fails:
            await response.write(wav_bytes(AudioFormat(16000), b""))
            await response.write(ZEROS)
            return self._break_off(request, response)
        await response.write(wav_bytes(AudioFormat(self.rate), b""))
        for part in self._parts(body):
            await response.write(part)
            if self.cut:
                return self._break_off(request, response)
            if self.fails_later:
                await response.write(ZEROS)
                return self._break_off(request, response)
            await asyncio.sleep(self.part_delay)
        while self.endless:
            await response.write(tone(1.0))
            await asyncio.sleep(0)
        return response

    def _break_off(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return response

    def _parts(self, body: dict[str, Any]) -> list[bytes]:
        """A tone for each word, and the silence after each part."""
        words = len(body["text"].split())
        pause = bytes(2 * int(body["fragment_interval"] * self.rate))
        return [*([tone(0.1)] * words), pause]


@asynccontextmanager
async def fake_sovits(version: str = "v2") -> AsyncIterator[FakeSovits]:
    """Serve on a free port until the block is left."""
    fake = FakeSovits(version)
    app = web.Application()
    app.router.add_get("/openapi.json", fake.openapi)
    app.router.add_get("/control", fake.control)
    app.router.add_post("/control", fake.control)
    app.router.add_post("/tts", fake.tts)
    app.router.add_get("/set_gpt_weights", fake.set_weights)
    app.router.add_get("/set_sovits_weights", fake.set_weights)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield fake
    finally:
        await runner.cleanup()
