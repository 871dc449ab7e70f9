"""The fan-out passes one source to several listeners."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from satellite.audio.tap import Fanout
from satellite.errors import DeviceMissing


class Tape:
    """A source of two chunks, after which it fails."""

    finished = True

    def __init__(self) -> None:
        self.closed = False

    async def frames(self) -> AsyncGenerator[bytes, None]:
        try:
            yield b"one"
            yield b"two"
            raise DeviceMissing("no microphone")
        finally:
            self.closed = True


async def test_each_listener_hears_each_chunk_in_order_before_it_is_yielded() -> None:
    calls: list[tuple[str, bytes]] = []
    fanout = Fanout(
        Tape(), lambda audio: calls.append(("a", audio)), lambda audio: calls.append(("b", audio))
    )
    async with aclosing(fanout.frames()) as frames:
        assert await anext(frames) == b"one"
        assert calls == [("a", b"one"), ("b", b"one")]
        assert await anext(frames) == b"two"
        assert calls[2:] == [("a", b"two"), ("b", b"two")]


async def test_closing_the_fanout_closes_the_source() -> None:
    tape = Tape()
    async with aclosing(Fanout(tape).frames()) as frames:
        await anext(frames)
        assert not tape.closed
    assert tape.closed


async def test_an_error_of_the_source_is_raised() -> None:
    fanout = Fanout(Tape())
    assert fanout.finished
    with pytest.raises(DeviceMissing):
        async for _ in fanout.frames():
            pass
