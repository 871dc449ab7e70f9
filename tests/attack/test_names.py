"""Names in requests for speech-to-text: many, long, or new in each request."""

from __future__ import annotations

import asyncio
import time

import pytest
from wyoming.event import Event

from satellite.errors import EngineBusy
from satellite.settings import USUAL_AREAS, USUAL_NAMES
from satellite.values import TranscribeRequest
from servers.asr.name_correction import near_names
from servers.asr.sphinx import homes, recognizers
from servers.asr.sphinx.homes import Homes
from servers.asr.sphinx.recognizers import Recognizers
from servers.asr.sphinx.vocabulary import HomeNames, Vocabulary
from servers.serve import asr, serving
from tests.servers.serve.golden import utterance
from tests.support.engines import ScriptedAsr
from tests.support.peers import client

USUAL = (USUAL_NAMES, USUAL_AREAS)


def home(number: int) -> HomeNames:
    return ((f"lamp {number}",), ())


@pytest.mark.parametrize(
    ("names", "used"),
    [
        ([f"lamp {number}" for number in range(5000)], 300),
        (["x" * 90] * 300, 66),
        (["x" * 200_000, "lamp"], 1),
        ([], 0),
    ],
)
async def test_names_of_a_request_are_bounded(names: list[str], used: int) -> None:
    engine = ScriptedAsr(["x"])
    async with serving("asr", engine, "tcp://127.0.0.1:0") as uri, client(uri) as peer:
        await peer.send(Event("transcribe", {"transcript_names": names}), *utterance())
        await peer.until("transcript")
    request: TranscribeRequest = engine.requests[0]
    assert len(request.names) == used
    assert sum(map(len, request.names)) <= asr.CHARACTERS


async def test_new_homes_are_limited_for_each_address() -> None:
    known = Homes(USUAL)
    for _ in range(homes.BURST):
        known.admit_new("10.0.0.1")
    with pytest.raises(EngineBusy, match="try again later"):
        known.admit_new("10.0.0.1")
    known.admit_new("10.0.0.2")


async def test_new_homes_do_not_displace_those_that_return() -> None:
    known = Homes(USUAL)
    known.add(USUAL, Vocabulary("", ""))
    for _ in range(2):
        known.count(home(0))
    known.add(home(0), Vocabulary("", ""))
    for number in range(1, 50):
        known.count(home(number))
        known.add(home(number), Vocabulary("", ""))
    assert known.find(USUAL) is not None
    assert known.find(home(0)) is not None
    assert known.find(home(1)) is None


async def test_utterances_of_new_homes_leave_the_others_a_place_and_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recognizers, "MOST_BYTES", 200_000_000)
    known = Homes(USUAL)
    loaded: list[Vocabulary] = []

    def load(vocabulary: Vocabulary) -> object:
        loaded.append(vocabulary)
        return object()

    pool = Recognizers(load, known.returning)  # type: ignore[arg-type]
    large = Vocabulary("x" * 1_000_000, "")
    held: list[int] = []

    async def attack(number: int, gate: asyncio.Event) -> None:
        async with pool.lent(home(number), large):
            held.append(number)
            await gate.wait()

    gate = asyncio.Event()
    attacks = [asyncio.create_task(attack(number, gate)) for number in range(6)]
    await asyncio.sleep(0.2)
    assert held == [0], "one at a time"
    async with asyncio.timeout(1), pool.lent(USUAL, Vocabulary("", "")):
        pass
    gate.set()
    await asyncio.wait(attacks)
    async with pool.lent(USUAL, Vocabulary("", "")):
        pass
    assert sum(len(vocabulary.network) == 0 for vocabulary in loaded) == 1, "it stayed loaded"
    await pool.close()


def test_hundreds_of_names_are_compared_with_a_long_text_in_no_time() -> None:
    names = [f"kitchen lamp window number {number}" for number in range(300)]
    text = "turn on the kitchin lamp by the windoww number in the gardn " * 5
    began = time.process_time()
    near_names(text, names)
    assert time.process_time() - began < 1.0
