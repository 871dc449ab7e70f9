"""Frames of ESPHome's native API on a connection: plain or encrypted, by the peer's choice.

A plain frame is 0x00, the length and the number of the message as varints, and the message. An
encrypted one is 0x01, a length of two bytes, and the encrypted number, length and message. Texts of
refusals are those by which `aioesphomeapi` distinguishes causes.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from enum import Enum
from typing import Any

from satellite.errors import BadFrame, PeerClosed, WireError
from satellite.homeassistant.esphome import messages
from satellite.homeassistant.esphome.identity import ZERO_KEY
from satellite.net.wire import Connection

PLAIN, ENCRYPTED = 0x00, 0x01
"""First bytes of frames."""

LARGEST = 0xFFFF
"""Bytes of a frame: the most that an encrypted one can have. A second of sound has 32000."""

HANDSHAKE = 256
"""Bytes of a frame of the handshake: hello and both messages have under 100."""

PROLOGUE = b"NoiseAPIInit"
WRONG_KEY = b"Handshake MAC failure"
"""With any other text Home Assistant does not ask for the key."""

_HEADER = struct.Struct(">BH")
_INNER = struct.Struct(">HH")
_VARINT = 5
"""Bytes of the longest varint that is read: 32 bits."""


def load_ciphers() -> Any:
    """Return the module of the handshake. It takes 50 ms and more the first time."""
    from satellite.homeassistant.esphome import noise

    return noise


class Security(Enum):
    """How a connection is secured."""

    PLAIN = "plain"
    PROVISIONING = "provisioning"
    """Encrypted with the key of zeros: secret to listeners, but open to everyone."""
    KEY = "key"
    """Encrypted with the satellite's own key."""


class ApiConnection(Connection):
    """A connection that carries messages of the API instead of Wyoming events."""

    security = Security.PLAIN
    _ciphers: Any = None

    @staticmethod
    def refusal(text: str, code: str) -> bytes:
        """Nothing: the API has no message for a client that may not connect."""
        return b""

    async def open(self, name: str, mac: str, key: Callable[[], bytes]) -> bool:
        """Find out how the peer talks, and perform the handshake.

        `key` returns the satellite's key, empty as long as it has none; `mac` is its address in 12
        hexadecimal digits. Return False for a peer that left, or was refused with the reason.

        Raises:
            BadFrame: the peer does not speak this API.
            PeerClosed: it stopped within a frame.
        """
        first = await self._first_byte()
        if first is None:
            return False
        secret = await asyncio.to_thread(key)
        if first == PLAIN:
            if secret:
                await self._refuse(ENCRYPTED, b"")
                return False
            self._pending = first
            return True
        if first != ENCRYPTED:
            raise BadFrame(f"{self.peer} sent {first:#04x}, which begins no frame of ESPHome's API")
        return await self._handshake(name, mac, secret)

    async def read_message(self) -> Any | None:
        """Return the next known message; None if the peer ended the connection between two.

        Raises `BadFrame` and `PeerClosed` as `open`.
        """
        while True:
            first = await self._first_byte()
            if first is None:
                return None
            expected = ENCRYPTED if self._ciphers else PLAIN
            if first != expected:
                raise BadFrame(f"{self.peer} sent a frame that begins with {first:#04x}")
            number, content = await self._bounded(
                self._read_encrypted() if self._ciphers else self._read_plain()
            )
            message = messages.decode(number, content)
            self.events += 1
            if await self._rate_limit.step():
                self.slowed += 1
            self.last_event = asyncio.get_running_loop().time()
            if message is not None:
                return message

    async def send(self, message: Any) -> None:
        """Send a message. Raises `PeerClosed` as `write`."""
        number, content = messages.encode(message)
        if self._ciphers:
            if len(content) + _INNER.size + load_ciphers().TAG > LARGEST:
                raise BadFrame(f"a message of {len(content)} bytes is too long to be encrypted")
            inner = self._ciphers[1].encrypt(_INNER.pack(number, len(content)) + content)
            frame = _HEADER.pack(ENCRYPTED, len(inner)) + inner
        else:
            frame = bytes([PLAIN]) + varint(len(content)) + varint(number) + content
        await self.write_bytes(frame)

    _pending: int | None = None
    """The first byte of a frame, if it was read already."""

    async def _first_byte(self) -> int | None:
        if self._pending is not None:
            first, self._pending = self._pending, None
            return first
        try:
            read = await self._reader.read(1)
        except OSError as error:
            raise PeerClosed(f"the connection with {self.peer} broke: {error}") from error
        return read[0] if read else None

    async def _bounded(self, reading: Any) -> Any:
        """Await the rest of a frame, for as long as a frame may take."""
        try:
            async with asyncio.timeout(self._limits.frame):
                return await reading
        except TimeoutError as error:
            raise PeerClosed(f"{self.peer} stopped within a frame") from error
        except asyncio.IncompleteReadError as error:
            raise PeerClosed(f"{self.peer} hung up within a frame") from error
        except OSError as error:
            raise PeerClosed(f"the connection with {self.peer} broke: {error}") from error

    async def _read_plain(self) -> tuple[int, bytes]:
        size, number = await self._read_varint(), await self._read_varint()
        if size > LARGEST:
            raise BadFrame(f"{self.peer} announced a message of {size} bytes; {LARGEST} are read")
        return number, await self._reader.readexactly(size)

    async def _read_varint(self) -> int:
        value = 0
        for position in range(_VARINT):
            (byte,) = await self._reader.readexactly(1)
            value |= (byte & 0x7F) << (7 * position)
            if not byte & 0x80:
                return value
        raise BadFrame(f"{self.peer} sent a number of more than {_VARINT} bytes")

    async def _read_encrypted(self) -> tuple[int, bytes]:
        frame = await self._read_sized(LARGEST)
        try:
            inner = self._ciphers[0].decrypt(frame)
        except WireError as error:
            raise BadFrame(f"{self.peer}: {error}") from error
        if len(inner) < _INNER.size:
            raise BadFrame(f"{self.peer} sent an encrypted frame without a message")
        number, size = _INNER.unpack_from(inner)
        content = inner[_INNER.size :]
        if size > len(content):
            raise BadFrame(f"{self.peer} sent {len(content)} bytes of a message of {size}")
        return number, content[:size]

    async def _read_sized(self, most: int) -> bytes:
        (size,) = struct.unpack(">H", await self._reader.readexactly(2))
        if size > most:
            raise BadFrame(f"{self.peer} sent a handshake of {size} bytes")
        return await self._reader.readexactly(size)

    async def _handshake(self, name: str, mac: str, key: bytes) -> bool:
        """Answer the client's hello and its handshake, which it may send at once."""
        hello = await self._bounded(self._read_sized(HANDSHAKE))
        await self._write_frame(b"\x01" + name.encode() + b"\0" + mac.encode() + b"\0")
        if (first := await self._first_byte()) is None:
            return False
        if first != ENCRYPTED:
            raise BadFrame(f"{self.peer} sent {first:#04x} instead of a handshake")
        request = await self._bounded(self._read_sized(HANDSHAKE))
        prologue = PROLOGUE + len(hello).to_bytes(2, "big") + hello
        try:
            if request[:1] != b"\0":
                raise WireError("the handshake begins with no 0x00")
            reply, *ciphers = load_ciphers().respond(prologue, key or ZERO_KEY, request[1:])
        except WireError:
            if key:
                await self._refuse(ENCRYPTED, b"\x01" + WRONG_KEY)
            else:  # it has a former key: a plain frame says that we have none
                await self._refuse(PLAIN, b"")
            return False
        await self._write_frame(b"\0" + reply)
        self._ciphers = ciphers
        self.security = Security.KEY if key else Security.PROVISIONING
        return True

    async def _write_frame(self, content: bytes) -> None:
        await self.write_bytes(_HEADER.pack(ENCRYPTED, len(content)) + content)

    async def _refuse(self, first: int, content: bytes) -> None:
        await self.write_bytes(_HEADER.pack(first, len(content)) + content)


def varint(value: int) -> bytes:
    """Return a number in groups of seven bits, lowest first, as Protocol Buffers write it."""
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(groups) + bytes([value])
