"""Hostile clients of ESPHome's API: nothing ends, nothing grows, and others are served."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from random import Random

import msgspec
import pytest

from satellite.errors import BadFrame
from satellite.homeassistant.esphome import messages
from satellite.homeassistant.esphome.frames import LARGEST, varint
from satellite.settings import LimitSettings
from tests.homeassistant.esphome.test_server import SETTINGS, described
from tests.soak import esphome_streams
from tests.soak.esphome_streams import random_message
from tests.support.scripted_esphome import EsphomeSatellite, esphome_satellite
from tests.support.scripted_satellite import SOON

HELLO = b"\0\0\1"
NOISE_HELLO = b"\1\0\0"
ENDINGS = {
    "no frame": b"GET / HTTP/1.1\r\n\r\n",
    "too long a message": b"\0" + varint(LARGEST + 1) + varint(1),
    "a number without an end": b"\0" + b"\xff" * 10,
    "a message that is none": b"\0" + varint(3) + varint(1) + b"\x0a\xff\xff",
    "encrypted after plain": HELLO + NOISE_HELLO,
    "a handshake of random bytes": NOISE_HELLO + b"\1\0\x31\0" + bytes(range(48)),
    "a handshake that is too short": NOISE_HELLO + b"\1\0\1\0",
    "a handshake without its mark": NOISE_HELLO + b"\1\0\x01\7",
    "a handshake that is too long": NOISE_HELLO + b"\1\xff\xff",
    "a point of small order": NOISE_HELLO + b"\1\0\x31\0" + bytes(48),
    "plain after a hello": NOISE_HELLO + HELLO,
}


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))


async def send(satellite: EsphomeSatellite, content: bytes, *, end: bool = False) -> bytes:
    """Send bytes, and the end; return what comes until the satellite closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", satellite.port)
    try:
        writer.write(content)
        if end:
            writer.write_eof()
        async with asyncio.timeout(SOON):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def check_served(satellite: EsphomeSatellite) -> None:
    async with satellite.connected() as client:
        assert (await described(client)).friendly_name == "kitchen"


@pytest.mark.parametrize("kind", ENDINGS)
async def test_what_is_no_frame_ends_the_connection(kind: str) -> None:
    async with esphome_satellite(SETTINGS) as satellite:
        for key in (False, True):
            if key:
                satellite.identity.make_key()
            await send(satellite, ENDINGS[kind])
        satellite.identity.set_key(b"")
        await check_served(satellite)


async def test_frames_of_random_messages() -> None:
    """Each known and unknown number, with random and with damaged contents."""
    random = Random(19)
    settings = msgspec.structs.replace(SETTINGS, limits=LimitSettings(events=100_000))
    async with esphome_satellite(settings) as satellite:
        for _ in range(60):
            frames = bytearray(HELLO)
            for _ in range(random.randint(1, 8)):
                number = random.choice((*range(140), 2**31, 2**32 - 1))
                content = random.randbytes(random.choice((0, 0, 1, 2, 7, 40, 2000)))
                frames += b"\0" + varint(len(content)) + varint(number) + content
            frames += b"\0" + varint(0) + varint(5)  # farewell
            await send(satellite, bytes(frames))
        await check_served(satellite)
        assert not satellite.satellite.peer_drives


async def test_voice_messages_of_a_client_that_drives() -> None:
    random = Random(20)
    pb = messages.definitions()
    settings = msgspec.structs.replace(SETTINGS, limits=LimitSettings(events=100_000))
    async with esphome_satellite(settings) as satellite:
        for _ in range(25):
            frames = bytearray(HELLO)
            subscribe = pb.SubscribeVoiceAssistantRequest(subscribe=True, flags=1)
            for message in (subscribe, *(random_message(random) for _ in range(20))):
                number, content = messages.encode(message)
                frames += b"\0" + varint(len(content)) + varint(number) + content
            frames += b"\0" + varint(0) + varint(5)
            await send(satellite, bytes(frames))
        await check_served(satellite)
        await satellite.satellite.until(lambda: not satellite.satellite.peer_drives)
        assert len(satellite.satellite.timers.states()) < 100


@pytest.mark.parametrize("key", [b"", esphome_streams.KEY])
async def test_corrupted_conversations_in_plain_and_encrypted(
    key: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """In short; `python -m tests.soak.fuzz` is the long form."""
    random = Random(21)
    settings = msgspec.structs.replace(SETTINGS, limits=LimitSettings(events=100_000))
    shaken = 0
    async with esphome_satellite(settings) as satellite:
        satellite.identity.set_key(key)
        for _ in range(20):
            await send(satellite, esphome_streams.plain_stream(random), end=True)
            await send(satellite, esphome_streams.lone_handshake(random), end=True)
            reader, writer = await asyncio.open_connection("127.0.0.1", satellite.port)
            try:
                shaken += await esphome_streams.encrypted(random, reader, writer)
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                pass  # it was hung up on, as it deserves
            finally:
                writer.transport.abort()
        assert await esphome_streams.answers(satellite.port)
        satellite.identity.set_key(b"")
        await check_served(satellite)
    assert shaken > 1
    assert "Traceback" not in caplog.text


async def test_a_client_that_sends_nothing_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    settings = msgspec.structs.replace(SETTINGS, limits=LimitSettings(first=0.2, frame=0.2))
    with caplog.at_level(logging.WARNING):
        async with esphome_satellite(settings) as satellite:
            await asyncio.gather(
                *(send(satellite, start) for start in (b"", b"\1", NOISE_HELLO, b"\0\5\1ab"))
            )
            await check_served(satellite)
    assert "ESPHome's API" in caplog.text


async def test_a_client_of_another_network_may_not_connect() -> None:
    settings = msgspec.structs.replace(SETTINGS, allow=("192.0.2.0/24",))
    async with esphome_satellite(settings) as satellite:
        assert await send(satellite, HELLO) == b""


def test_a_damaged_message_is_named() -> None:
    with pytest.raises(BadFrame, match="HelloRequest"):
        messages.decode(1, b"\x0a\xff")
    assert messages.decode(9999, b"") is None
