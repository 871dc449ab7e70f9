"""Strange clients of ESPHome's native API: what they send, and how, in plain and encrypted."""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import Callable
from random import Random
from typing import Any

from noise.connection import NoiseConnection

from satellite.homeassistant.esphome import messages
from satellite.homeassistant.esphome.frames import ENCRYPTED, PROLOGUE, varint
from satellite.homeassistant.esphome.identity import ZERO_KEY
from satellite.homeassistant.esphome.noise import NAME
from tests.soak.mutate import corrupted

Frame = tuple[int, bytes]
"""The number of a message, and its content."""

KEY = bytes(range(7, 39))
"""The key that these clients give a satellite which has none, and know."""
KNOWN = 163
"""One more than the highest number of a message."""
PLAIN_HELLO, NOISE_HELLO = b"\0\0\1", b"\1\0\0"
ANSWER = 2.0
"""Seconds for the satellite's part of a handshake."""


def plain(frame: Frame) -> bytes:
    """Return a message as it is sent without encryption."""
    number, content = frame
    return b"\0" + varint(len(content)) + varint(number) + content


def random_message(random: Random) -> Any:
    """Return what Home Assistant may send, with odd values."""
    pb = messages.definitions()
    text = "".join(chr(random.choice((0, 65, 233, 0x1F600))) for _ in range(random.randint(0, 20)))
    number = random.choice((0, 1, 60, 2**31, 2**32 - 1))
    url = random.choice((text, "http://127.0.0.1:9/a.wav", "file:///etc/passwd", "http://[::1"))
    return random.choice(
        (
            pb.VoiceAssistantEventResponse(
                event_type=random.choice((0, 1, 2, 3, 4, 6, 7, 8, 11, 12, 98, 99, 100, 77)),
                data=[{"name": random.choice(("url", "text", "code", text)), "value": text}],
            ),
            pb.VoiceAssistantTimerEventResponse(
                event_type=random.choice((0, 1, 2)),
                timer_id=text,
                name=text,
                total_seconds=number,
                seconds_left=number,
                is_active=random.random() < 0.5,
            ),
            pb.VoiceAssistantAnnounceRequest(media_id=url, preannounce_media_id=text),
            pb.VoiceAssistantResponse(port=number, error=random.random() < 0.5),
            pb.VoiceAssistantSetConfiguration(active_wake_words=[text] * random.randint(0, 200)),
            pb.VoiceAssistantAudio(data=random.randbytes(600), end=True),
            pb.MediaPlayerCommandRequest(key=1, has_volume=True, volume=random.choice((-1, 2, 1))),
            pb.MediaPlayerCommandRequest(key=1, has_media_url=True, media_url=url),
            pb.SwitchCommandRequest(key=number, state=True),
            pb.NoiseEncryptionSetKeyRequest(key=text.encode()),
        )
    )


def conversation(random: Random) -> list[Frame]:
    """Return the messages of a client, with up to four corruptions, without frames."""
    pb = messages.definitions()
    first = [
        pb.HelloRequest(client_info="Home Assistant", api_version_major=1, api_version_minor=10),
        pb.AuthenticationRequest(),
        pb.DeviceInfoRequest(),
        pb.ListEntitiesRequest(),
        pb.SubscribeStatesRequest(),
        pb.SubscribeVoiceAssistantRequest(subscribe=True, flags=1),
        pb.VoiceAssistantConfigurationRequest(
            external_wake_words=[_external(random) for _ in range(random.choice((0, 0, 1, 40)))]
        ),
    ]
    sent = [*first[: random.randint(1, len(first))]]
    sent += [random_message(random) for _ in range(random.choice((0, 3, 20)))]
    if random.random() < 0.1:
        key = random.choice((base64.b64encode(KEY), b""))
        sent.append(pb.NoiseEncryptionSetKeyRequest(key=key))
    sent.append(random.choice((pb.DisconnectRequest(), pb.PingRequest(), pb.PingResponse())))
    frames = [messages.encode(message) for message in sent]
    for _ in range(random.choice((0, 1, 1, 2, 4))):
        random.choice(_CORRUPTIONS)(random, frames)
    return frames


def _external(random: Random) -> Any:
    """Return a wake word that Home Assistant offers as a file."""
    name = random.choice(("okay_nabu", "../../etc/passwd", "a" * 5000, "", "\x00\x1b[31m"))
    return messages.definitions().VoiceAssistantExternalWakeWord(
        id=name,
        wake_word=name,
        trained_languages=["en"] * random.choice((0, 1, 500)),
        model_type=random.choice(("micro", "", "x" * 300)),
        model_size=random.choice((0, 1, 2**32 - 1)),
        model_hash=random.choice(("", "0" * 64, "x")),
        url=random.choice(("http://127.0.0.1:9/m.tflite", "file:///dev/zero", "", "http://[::1")),
    )


def _swap(random: Random, frames: list[Frame]) -> None:
    random.shuffle(frames)


def _repeat(random: Random, frames: list[Frame]) -> None:
    place = random.randrange(len(frames))
    frames[place:place] = [frames[place]] * random.choice((1, 3, 50))


def _damage(random: Random, frames: list[Frame]) -> None:
    place = random.randrange(len(frames))
    number, content = frames[place]
    frames[place] = (number, corrupted(random, content))


def _rename(random: Random, frames: list[Frame]) -> None:
    place = random.randrange(len(frames))
    number = random.choice((*range(KNOWN), 2**31, 2**32 - 1))
    frames[place] = (number, frames[place][1])


def _invent(random: Random, frames: list[Frame]) -> None:
    size = random.choice((0, 1, 7, 40, 2000, 65_000))
    frames.append((random.randrange(KNOWN), random.randbytes(size)))


_CORRUPTIONS: tuple[Callable[[Random, list[Frame]], None], ...] = (
    _swap, _repeat, _damage, _damage, _rename, _invent,
)  # fmt: skip


def plain_stream(random: Random) -> bytes:
    """Return what a client without a key sends, with corruptions of messages and of bytes."""
    stream = b"".join(plain(frame) for frame in conversation(random))
    return _damaged(random, stream)


def lone_handshake(random: Random) -> bytes:
    """Return a handshake that waits for no answer, damaged, and what a client sends after it."""
    noise = _initiator(random.choice((ZERO_KEY, KEY)), b"")
    request = b"\0" + bytes(noise.write_message())
    handshake = NOISE_HELLO + _sized(request)
    return _damaged(random, handshake + random.randbytes(random.choice((0, 3, 100))))


async def encrypted(
    random: Random, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    """Shake hands, and send corrupted messages that are encrypted, or encrypted ones corrupted.

    Return whether the satellite has the same key.

    Raises `OSError`, `TimeoutError` and `asyncio.IncompleteReadError` if the satellite hangs up.
    """
    hello = random.choice((b"", b"", b"x", random.randbytes(255)))
    noise = _initiator(random.choice((ZERO_KEY, KEY, KEY, random.randbytes(32))), hello)
    writer.write(_sized(hello) + _sized(b"\0" + bytes(noise.write_message())))
    async with asyncio.timeout(ANSWER):
        await _frame(reader)
        reply = await _frame(reader)
    if reply[:1] != b"\0":
        return False
    noise.read_message(reply[1:])
    for number, content in conversation(random):
        size = len(content) if random.random() < 0.95 else random.randrange(65536)
        inner = struct.pack(">HH", number & 0xFFFF, size & 0xFFFF) + content
        if random.random() < 0.05:
            inner = corrupted(random, inner)
        frame = _sized(bytes(noise.encrypt(inner[:65_000])))
        writer.write(corrupted(random, frame) if random.random() < 0.03 else frame)
        await writer.drain()
    return True


async def answers(port: int) -> bool:
    """Return whether the satellite answers a client with a plain frame or with its refusal."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(PLAIN_HELLO)
            return await reader.read(1) in (b"\0", b"\1")
        finally:
            writer.transport.abort()
    except OSError:
        return False


def _initiator(key: bytes, hello: bytes) -> NoiseConnection:
    noise = NoiseConnection.from_name(NAME.encode())
    noise.set_as_initiator()
    noise.set_psks(key)
    noise.set_prologue(PROLOGUE + len(hello).to_bytes(2, "big") + hello)
    noise.start_handshake()
    return noise


def _sized(content: bytes) -> bytes:
    return struct.pack(">BH", ENCRYPTED, len(content)) + content


async def _frame(reader: asyncio.StreamReader) -> bytes:
    _, size = struct.unpack(">BH", await reader.readexactly(3))
    return await reader.readexactly(size)


def _damaged(random: Random, stream: bytes) -> bytes:
    for _ in range(random.choice((0, 0, 0, 1, 3))):
        stream = corrupted(random, stream)
    return stream
