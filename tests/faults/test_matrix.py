"""Every fault, at every stage of a turn: the turn is answered once and whole by somebody else, or
fails within its deadline with a cue; and the satellite listens again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.faults.checked_satellite import (
    UTTERANCE_BYTES,
    CheckedSatellite,
    TurnRecord,
    bound_to,
    checked_satellite,
    fair_deadline,
)
from tests.faults.fault_table import note
from tests.faults.machine import Machine, inside
from tests.support.checkable_engines import ANSWER, EXPECTED
from tests.support.debian import need
from tests.support.faulty_server import ELSEWHERE, FAULTS, HERE
from tests.support.netns import network

pytestmark = pytest.mark.timeout(60)

STAGES = ("asr", "llm", "tts")
MOMENTS = ("before", "during", "after")
WITH = ("another server", "built-in engines", "nobody else")
SLACK = 1.5
"""Seconds on top of all deadlines that a busy machine may take."""
AGAIN = 4
"""Turns until one has to be answered by a server that was mended: its network may need a second."""


@pytest.fixture(scope="module")
def machines() -> Iterator[tuple[Machine, Machine, bool]]:
    """The server that fails, one that is well, and whether each has a network of its own."""
    try:
        with network(3) as (here, *there):
            need("nft", "nftables")
            made = [Machine(namespace) for namespace in there]
            with inside(here):
                yield from _running(made, True)
            return
    except pytest.skip.Exception:
        made = [Machine(None), Machine(None)]
    yield from _running(made, False)


def _running(made: list[Machine], networks: bool) -> Iterator[tuple[Machine, Machine, bool]]:
    try:
        for machine in made:
            machine.start()
        yield made[0], made[1], networks
    finally:
        for machine in made:
            machine.kill()


@pytest.mark.parametrize("others", WITH)
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("fault", [*HERE, *ELSEWHERE, *FAULTS])
async def test_a_fault(
    fault: str,
    stage: str,
    moment: str,
    others: str,
    machines: tuple[Machine, Machine, bool],
    request: pytest.FixtureRequest,
) -> None:
    bad, good, networks = machines
    if fault in ELSEWHERE and not networks:
        pytest.skip("needs network namespaces and nftables")
    servers = [bad.uris, good.uris] if others == "another server" else [bad.uris]
    alone = others == "nobody else"
    deadline = await fair_deadline(good.uris)
    where = (
        bound_to(bad.uris, deadline) if alone else checked_satellite(*servers, deadline=deadline)
    )
    try:
        async with where as satellite:
            bad.order(stage, moment, fault)
            with bad.watched():
                heard = await satellite.turn()
            note(request.node, (fault, stage, moment, others), heard)
            if alone:
                check_alone(heard, stage, deadline)
            else:
                check_whole(heard)
                check_whole(await satellite.turn())
            bad.mend()
            if alone:
                await answered_again(satellite)
    finally:
        bad.mend()


def check_whole(heard: TurnRecord) -> None:
    """The answer was understood, made and heard once, from its first word to its last."""
    assert (heard.outcome, heard.stage) == ("answered", None), heard
    assert heard.text == f"heard {UTTERANCE_BYTES}", "the whole utterance was listened to"
    assert heard.words == EXPECTED, heard
    assert " ".join(heard.reply.split()) == ANSWER
    assert not heard.cue


def check_alone(heard: TurnRecord, stage: str, deadline: float) -> None:
    """It was answered in spite of the fault, or failed in time and so that a person knows."""
    assert heard.seconds < 4 * deadline + SLACK, heard
    if heard.outcome == "answered":
        check_whole(heard)
    else:
        assert heard.outcome == "failed", heard
        assert heard.stage is not None
        # the brain still writes while the first sentence is spoken
        assert STAGES.index(heard.stage) >= STAGES.index(stage) - (stage == "tts"), heard
        assert heard.cue, heard
        assert heard.words == EXPECTED[: len(heard.words)], "nothing is said twice"


async def answered_again(satellite: CheckedSatellite) -> None:
    """The server is well, and so are the turns."""
    for _ in range(AGAIN):
        heard = await satellite.turn()
        if heard.outcome == "answered":
            break
        await asyncio.sleep(0.2)
    check_whole(heard)
