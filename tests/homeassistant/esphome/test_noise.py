"""The Noise responder against another implementation of the protocol."""

from __future__ import annotations

import pytest
from noise.connection import NoiseConnection

from satellite.homeassistant.esphome import noise

KEY = bytes(range(32))


def initiator(prologue: bytes, key: bytes = KEY) -> NoiseConnection:
    other = NoiseConnection.from_name(noise.NAME.encode())
    other.set_as_initiator()
    other.set_psks(key)
    other.set_prologue(prologue)
    other.start_handshake()
    return other


def test_both_understand_each_other() -> None:
    other = initiator(b"prologue")
    reply, receiving, sending = noise.respond(b"prologue", KEY, bytes(other.write_message()))
    other.read_message(reply)
    for number in range(300):
        message = bytes([number % 256]) * number
        assert receiving.decrypt(other.encrypt(message)) == message
        assert other.decrypt(sending.encrypt(message)) == message


@pytest.mark.parametrize("what", ["key", "prologue", "byte"])
def test_anything_else_is_refused(what: str) -> None:
    other = initiator(b"other" if what == "prologue" else b"", KEY[::-1] if what == "key" else KEY)
    request = bytearray(other.write_message())
    if what == "byte":
        request[40] ^= 1
    with pytest.raises(noise.HandshakeFailed):
        noise.respond(b"", KEY, bytes(request))


def test_a_repeated_message_is_refused() -> None:
    other = initiator(b"")
    reply, receiving, _ = noise.respond(b"", KEY, bytes(other.write_message()))
    other.read_message(reply)
    message = other.encrypt(b"once")
    assert receiving.decrypt(message) == b"once"
    with pytest.raises(noise.HandshakeFailed):
        receiving.decrypt(message)
