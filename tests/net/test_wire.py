"""Frames: written events are read, however they are split; nothing else is accepted."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wyoming.event import Event, read_event, write_event

from satellite.errors import BadFrame, ConfigError, PeerClosed, PeerUnreachable
from satellite.net.pairing import Pairing
from satellite.net.remotes.dial import connect
from satellite.net.wire import Connection, Limits, encode
from tests.support.peers import pair

LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20)
DATA = st.dictionaries(
    st.text(max_size=10),
    st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3)),
    max_size=4,
)
EVENTS = st.builds(Event, st.text(min_size=1, max_size=20), DATA, st.none() | st.binary(min_size=1))
SOME = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def fields(event: Event | None) -> Any:
    return event and (event.type, event.data, event.payload)


@SOME
@given(events=st.lists(EVENTS, min_size=1, max_size=4), data=st.data())
async def test_events_split_anywhere_are_read_as_written(
    events: list[Event], data: st.DataObject
) -> None:
    stream = b"".join(map(encode, events))
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=6).map(sorted))
    async with pair() as (connection, _, far):

        async def send() -> None:
            for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
                far.write(stream[start:end])
                await asyncio.sleep(0)
            far.close()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(send())
            assert [fields(await connection.read()) for _ in events] == list(map(fields, events))
            assert await connection.read() is None


@SOME
@given(event=EVENTS)
async def test_frames_are_compatible_with_the_wyoming_library(event: Event) -> None:
    assert fields(read_event(io.BytesIO(encode(event)))) == fields(event)  # type: ignore[arg-type]
    stream = io.BytesIO()
    write_event(event, stream)  # type: ignore[arg-type]
    async with pair() as (connection, _, far):
        far.write(stream.getvalue())
        assert fields(await connection.read()) == fields(event)


@SOME
@given(garbage=st.binary(min_size=1, max_size=200))
async def test_garbage_raises_only_wire_errors(
    garbage: bytes,
) -> None:
    async with pair() as (connection, _, far):
        far.write(garbage)
        far.close()
        try:
            while await connection.read() is not None:
                pass
        except (BadFrame, PeerClosed):
            pass


@pytest.mark.parametrize(
    "frame",
    [
        b"\n",
        b"GET / HTTP/1.1\r\n",
        b"[]\n",
        b'{"data": {}}\n',
        b'{"type": 5}\n',
        b'{"type": "x", "data_length": -1}\n',
        b'{"type": "x", "payload_length": "9"}\n',
        b'{"type": "x", "data_length": 2}\n[]',
        b'{"type": "x", "data_length": 1}\n\xff',
        b"[" * 60_000 + b"\n",
        b"x" * 70_000,
    ],
)
async def test_invalid_frames_are_refused(frame: bytes) -> None:
    async with pair() as (connection, _, far):
        far.write(frame)
        with pytest.raises(BadFrame, match="the peer"):
            await connection.read()


async def test_data_of_the_line_and_of_its_block_are_merged() -> None:
    async with pair() as (connection, _, far):
        far.write(b'{"type": "x", "data": {"a": 1, "b": 1}, "data_length": 8}\n{"b": 2}')
        event = await connection.read()
        assert event is not None
        assert event.data == {"a": 1, "b": 2}


@pytest.mark.parametrize("part", ["data", "payload"])
async def test_an_announced_length_over_the_limit_is_refused(part: str) -> None:
    """The announcement alone is refused: not a byte of the gigabyte is read or buffered."""
    async with pair() as (connection, _, far):
        far.write(b'{"type": "x", "%s_length": 1073741824}\n' % part.encode())
        with pytest.raises(BadFrame, match="1073741824 bytes"):
            await connection.read()


@pytest.mark.parametrize("part", [b"{", b'{"type": "x", "payload_length": 9}\n', b'{"type": "x"'])
async def test_an_end_within_an_event_is_an_error(part: bytes) -> None:
    async with pair() as (connection, _, far):
        far.write(part)
        far.close()
        with pytest.raises(PeerClosed, match="within an event"):
            await connection.read()


async def test_a_stalled_event_times_out() -> None:
    async with pair(Limits(frame=0.02)) as (connection, _, far):
        far.write(b'{"type"')
        with pytest.raises(PeerClosed, match="stopped"):
            await connection.read()


async def test_a_peer_that_reads_nothing_is_dropped() -> None:
    async with pair(Limits(write=0.05)) as (connection, _, _far):
        with pytest.raises(PeerClosed, match=r"read nothing for 0\.05 s"):
            await _write_on(connection)


async def test_writing_to_a_closed_peer_is_an_error_and_closing_is_not() -> None:
    async with pair() as (connection, _, far):
        far.transport.abort()
        with pytest.raises(PeerClosed):
            await _write_on(connection)
        await connection.close()
        await connection.close()


async def _write_on(connection: Connection) -> None:
    for _ in range(100):
        await connection.write(Event("x", {}, bytes(100_000)))
        await asyncio.sleep(0)


async def test_concurrent_writes_are_not_mixed_up() -> None:
    events = [Event("x", {"n": number}, bytes([number]) * 50_000) for number in range(20)]
    async with pair() as (connection, reader, _), asyncio.TaskGroup() as tasks:
        for event in events:
            tasks.create_task(connection.write(event))
        size = sum(len(encode(event)) for event in events)
        stream = io.BytesIO(await reader.readexactly(size))
    got = [fields(read_event(stream)) for _ in events]  # type: ignore[arg-type]
    assert sorted(got, key=lambda item: item[1]["n"]) == list(map(fields, events))


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("tcp://127.0.0.1:1", "nothing listens there"),
        ("tcp://[::1]:1", "cannot be reached"),
        ("unix:///nowhere/at/all", "no such socket"),
        ("tcp://a..b:1", "no valid host name"),
    ],
)
async def test_an_unreachable_peer_is_reported_with_the_reason(uri: str, why: str) -> None:
    with pytest.raises(PeerUnreachable, match=why) as caught:
        await connect(uri, 5.0, pairing=Pairing())
    assert uri.replace("[", "").split("]")[0] in str(caught.value).replace("[", "")


async def test_standard_input_cannot_be_connected_to() -> None:
    with pytest.raises(ConfigError, match="not connected to"):
        await connect("stdio://", 1.0, pairing=Pairing())
