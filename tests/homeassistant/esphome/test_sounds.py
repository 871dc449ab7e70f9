"""Sounds that a client asks for while it leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from satellite.errors import PeerClosed
from satellite.homeassistant.esphome import wav_stream
from satellite.homeassistant.esphome.messages import definitions
from satellite.homeassistant.esphome.voice import VoiceChannel

URL = "http://127.0.0.1:9/hello.wav"


class GoneClient:
    """A connection whose client has hung up."""

    peer = "a client"
    address = "127.0.0.1"
    memory = None
    closed = False

    async def send(self, message: Any) -> None:
        raise PeerClosed("it hung up")


def channel_of(client: Any) -> VoiceChannel:
    return VoiceChannel(client, lambda name: name, lambda playing: None)


async def test_a_client_that_has_hung_up_is_not_sent_the_end_of_a_sound() -> None:
    channel, leaves = channel_of(GoneClient()), asyncio.Event()

    async def serve(_: VoiceChannel) -> None:
        await leaves.wait()

    async with asyncio.timeout(10):
        running = asyncio.create_task(channel.run(serve))
        await asyncio.sleep(0)
        await channel.announce(definitions().VoiceAssistantAnnounceRequest(media_id="file:///x"))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not running.done()
        leaves.set()
        await running


@pytest.mark.parametrize("error", [PeerClosed("it hung up"), None])
async def test_a_sound_that_is_asked_for_while_the_channel_ends_is_not_fetched(
    error: PeerClosed | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaves, fetching, ending, let_go = (asyncio.Event() for _ in range(4))
    fetched = []

    async def fetch(_: object, url: str, __: str) -> AsyncGenerator[Any, None]:
        fetched.append(url)
        fetching.set()
        try:
            await asyncio.Event().wait()
            yield
        finally:
            ending.set()
            await let_go.wait()

    async def serve(_: VoiceChannel) -> None:
        await leaves.wait()
        if error is not None:
            raise error

    monkeypatch.setattr(wav_stream, "fetch", fetch)
    channel = channel_of(GoneClient())
    async with asyncio.timeout(10):
        running = asyncio.create_task(channel.run(serve))
        await asyncio.sleep(0)
        await channel.play(URL)
        await fetching.wait()
        leaves.set()
        await ending.wait()
        await channel.play(URL)
        let_go.set()
        await asyncio.wait([running])
    assert fetched == [URL]
    assert (running.exception() is None) == (error is None)
