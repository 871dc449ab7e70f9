"""Batches of several callers' items, on one thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from satellite.errors import EngineClosed
from satellite.lib.worker import Worker
from servers.asr.batches import Batches
from servers.asr.sphinx import engine as sphinx
from servers.asr.sphinx.recognizers import Recognizers
from servers.asr.sphinx.vocabulary import Vocabulary
from servers.caller import CALLER, Caller
from servers.processor_shares import ProcessorShares

ADDRESS = "192.0.2.66"


class Asked(ProcessorShares):
    """Shares that note who has asked."""

    def __init__(self) -> None:
        super().__init__(2)
        self.by: list[str] = []

    def piece(self, address: str) -> Any:
        self.by.append(address)
        return super().piece(address)

    def idle(self) -> bool:
        """Return whether no piece waits or is worked on."""
        return all(not share.waiting and not share.running for share in self._shares.values())


class Blocked:
    """Batches whose first one is worked on until `go`."""

    def __init__(self) -> None:
        self.asked = Asked()
        self.worker = Worker("test")
        self.batches: Batches[int, int] = Batches(self.worker, self._process, 8, self.asked)
        self.begun, self.go = threading.Event(), threading.Event()
        self.processed: list[Sequence[int]] = []

    def _process(self, items: Sequence[int]) -> list[int]:
        self.processed.append(items)
        self.begun.set()
        self.go.wait(10)
        if 13 in items:
            raise ValueError("thirteen")
        return [item * 2 for item in items]

    async def first(self) -> asyncio.Task[int]:
        """Let the thread be busy with a first item."""
        task = asyncio.create_task(self.batches.run(0))
        while not self.begun.is_set():
            await asyncio.sleep(0.001)
        return task


async def test_what_has_come_meanwhile_is_one_batch() -> None:
    blocked = Blocked()
    tasks = [await blocked.first()]
    tasks += [asyncio.create_task(blocked.batches.run(number)) for number in (1, 2, 3)]
    await asyncio.sleep(0)
    assert blocked.batches.queued == 3
    blocked.go.set()
    async with asyncio.timeout(5):
        assert await asyncio.gather(*tasks) == [0, 2, 4, 6]
    assert blocked.processed == [[0], [1, 2, 3]]
    assert blocked.asked.idle()
    await blocked.worker.close()


async def test_an_item_that_is_given_up_is_not_processed() -> None:
    blocked = Blocked()
    first = await blocked.first()
    second = asyncio.create_task(blocked.batches.run(1))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait([second])
    blocked.go.set()
    assert await first == 0
    assert blocked.processed == [[0]]
    assert blocked.batches.queued == 0
    assert blocked.asked.idle()
    await blocked.worker.close()


async def test_an_error_reaches_all_callers_of_its_batch_and_ends_their_pieces() -> None:
    blocked = Blocked()
    blocked.go.set()
    results = await asyncio.gather(blocked.batches.run(13), return_exceptions=True)
    assert [type(result) for result in results] == [ValueError]
    assert await blocked.batches.run(4) == 8
    assert blocked.asked.idle()
    await blocked.worker.close()
    with pytest.raises(EngineClosed):
        await blocked.batches.run(5)
    assert blocked.asked.idle()


async def test_pocketsphinx_asks_for_the_address_of_its_caller() -> None:
    asked = Asked()
    home = (("lamp",), ("kitchen",))
    recognizer: Callable[[Vocabulary], Any] = lambda vocabulary: object()  # noqa: E731
    recognizers = Recognizers(recognizer, lambda home: True, asked)
    CALLER.set(Caller(ADDRESS))
    async with recognizers.lent(home, Vocabulary("", "")) as lent:
        assert await lent.call(int, "5") == 5
    assert asked.by == [ADDRESS] * 2, "to load, and to work"
    assert asked.idle()
    await recognizers.close()


async def test_pocketsphinx_decodes_a_long_chunk_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    fed: list[int] = []

    class Recognizer:
        begin = staticmethod(lambda: None)
        finish = staticmethod(lambda answers: ("", -1000.0))
        feed = staticmethod(lambda audio: fed.append(len(audio)))

    monkeypatch.setattr(sphinx.PocketSphinx, "_load", staticmethod(lambda _: Recognizer()))
    engine = sphinx.PocketSphinx(sphinx.PocketSphinx.Options(phrases=("lights on",)))

    async def audio() -> Any:
        yield bytes(20 * sphinx.PIECE)

    async for transcript in engine.transcribe(audio(), sphinx.TranscribeRequest()):
        assert transcript.text == ""
    assert max(fed) <= sphinx.PIECE
    assert sum(fed) == 20 * sphinx.PIECE
    await engine.close()
