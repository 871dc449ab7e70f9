"""Audio passes from task to task in order, within bounds."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from satellite.audio.feed import AudioFeed
from satellite.audio.ring_buffer import RingBuffer


async def test_everything_put_in_comes_out_in_order() -> None:
    feed = AudioFeed(100)
    feed.put(b"ab")
    feed.put(b"cd")
    feed.end()
    assert [audio async for audio in feed] == [b"ab", b"cd"]


async def test_a_waiting_reader_gets_audio_at_once_and_then_the_end() -> None:
    feed = AudioFeed(100)
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(anext(feed))
        await asyncio.sleep(0)
        feed.put(b"ab")
        assert await reading == b"ab"
        ending = tasks.create_task(anext(feed, b"end"))
        await asyncio.sleep(0)
        feed.end()
        assert await ending == b"end"


async def test_a_slow_reader_loses_the_oldest_and_it_is_counted() -> None:
    feed = AudioFeed(4)
    for audio in (b"ab", b"cd", b"ef"):
        feed.put(audio)
    feed.end()
    feed.put(b"too late")
    assert [audio async for audio in feed] == [b"cd", b"ef"]
    assert feed.dropped == 2


async def test_a_place_in_what_was_read_is_found_in_all_sound() -> None:
    feed = AudioFeed(4)
    for audio in (b"ab", b"cd", b"ef", b"gh"):
        feed.put(audio)
    assert await anext(feed) == b"ef"
    assert (feed.place(1), feed.place(2)) == (5, 6)
    feed.skip(10)
    for audio in (b"ij", b"kl", b"mn"):
        feed.put(audio)
    # what is lost later does not move what was read before
    assert (feed.place(1), feed.place(2)) == (5, 6)
    assert await anext(feed) == b"kl"
    assert (feed.place(2), feed.place(3), feed.place(4)) == (6, 21, 22)


async def test_a_reader_who_needs_hops_is_woken_for_whole_ones_alone() -> None:
    feed = AudioFeed(100, hop=4)
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(anext(feed))
        await asyncio.sleep(0)
        feed.put(b"abc")
        await asyncio.sleep(0)
        assert not reading.done()
        feed.put(b"de")
        assert await reading == b"abc"
    feed.end()
    assert [audio async for audio in feed] == [b"de"]


@given(st.lists(st.binary(max_size=20), max_size=30), st.integers(1, 30), st.integers(-5, 400))
def test_the_ring_remembers_the_newest(chunks: list[bytes], capacity: int, position: int) -> None:
    ring = RingBuffer(capacity)
    for chunk in chunks:
        ring.append(chunk)
    everything = b"".join(chunks)
    remembered = ring.since(position)
    assert ring.end == len(everything)
    assert everything.endswith(remembered)
    wanted = everything[max(0, position) :]
    assert remembered == wanted[max(0, len(wanted) - capacity) :]


async def test_room_is_waited_for_until_it_is_read_or_over() -> None:
    feed = AudioFeed(100)
    feed.put(b"abc")
    feed.put(b"def")
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(feed.wait_for_room(3))
        await asyncio.sleep(0)
        assert not waiting.done()
        assert await anext(feed) == b"abc"
        await waiting
        waiting = tasks.create_task(feed.wait_for_room(0))
        await asyncio.sleep(0)
        assert not waiting.done()
        feed.end()
        await waiting
