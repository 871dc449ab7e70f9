"""Sound on its way to a replica: in order, bounded, and forgotten."""

from __future__ import annotations

import asyncio

import pytest

from servers.ray_serve import sounds as module
from servers.ray_serve.sounds import MOST, MOST_DROPPED, Sounds


async def test_sound_is_taken_in_the_order_in_which_it_was_put() -> None:
    sounds = Sounds()
    await sounds.open("1")
    assert await sounds.put("1", b"ab", ended=False)
    assert await sounds.put("1", b"cd", ended=False)
    assert await sounds.take("1") == (b"abcd", False)
    taking = asyncio.create_task(sounds.take("1"))
    await asyncio.sleep(0)
    assert await sounds.put("1", b"ef", ended=False)
    assert await taking == (b"ef", False)
    await sounds.put("1", b"", ended=True)
    assert await sounds.take("1") == (b"", True)


async def test_sound_that_is_not_taken_is_bounded() -> None:
    sounds = Sounds()
    await sounds.open("1")
    assert await sounds.put("1", bytes(MOST), ended=False)
    assert await sounds.put("1", b"x", ended=False) is False
    assert len((await sounds.take("1") or (b"", False))[0]) == MOST
    assert await sounds.put("1", b"x", ended=False)


async def test_a_request_that_was_dropped_is_unknown_and_ends_what_waits_for_its_sound() -> None:
    sounds = Sounds()
    await sounds.open("1")
    taking = asyncio.create_task(sounds.take("1"))
    await asyncio.sleep(0)
    await sounds.drop("1")
    assert await taking is None
    assert await sounds.take("1") is None
    assert await sounds.put("1", b"x", ended=False) is None
    assert await sounds.held() == 0


async def test_a_request_that_is_dropped_before_it_is_opened_is_not_held() -> None:
    """Ray calls the methods of an actor in any order."""
    sounds = Sounds()
    await sounds.drop("1")
    await sounds.open("1")
    assert await sounds.held() == 0
    for number in range(2 * MOST_DROPPED):
        await sounds.drop(f"other {number}")
    assert len(sounds._dropped) == MOST_DROPPED  # noqa: SLF001


async def test_a_call_without_sound_returns_so_that_a_lost_replica_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    sounds = Sounds()
    await sounds.open("1")
    assert await sounds.take("1") == (b"", False)
    assert await sounds.held() == 1
