"""Every fault at every stage of a turn: another engine answers once and completely, or the turn
fails within its deadline with a cue; then the satellite listens again."""

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
WITH = ("another server", "built-in engines", "no other server")
SLACK = 1.5
"""Seconds allowed on a busy machine beyond all deadlines."""
AGAIN = 4
"""Turns within which a repaired server must answer: its network may need a second."""


@pytest.fixture(scope="module")
def machines() -> Iterator[tuple[Machine, Machine, bool]]:
    """A failing server, a healthy one, and whether each has its own network."""
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
    alone = others == "no other server"
    deadline = await fair_deadline(good.uris)
    where = (
        bound_to(bad.uris, deadline) if alone else checked_satellite(*servers, deadline=deadline)
    )
    try:
        async with where as satellite:
            bad.order(stage, moment, fault)
            with bad.watched():
                record = await satellite.turn()
            note(request.node, (fault, stage, moment, others), record)
            if alone:
                check_alone(record, stage, deadline)
            else:
                check_whole(record)
                check_whole(await satellite.turn())
            bad.mend()
            if alone:
                await answered_again(satellite)
    finally:
        bad.mend()


def check_whole(record: TurnRecord) -> None:
    """Check that the request was answered and played exactly once and completely."""
    assert (record.outcome, record.stage) == ("answered", None), record
    assert record.text == f"heard {UTTERANCE_BYTES}", "the whole utterance was listened to"
    assert record.words == EXPECTED, record
    assert " ".join(record.reply.split()) == ANSWER
    assert not record.cue


def check_alone(record: TurnRecord, stage: str, deadline: float) -> None:
    """Check that the turn was answered despite the fault, or failed in time and audibly."""
    assert record.seconds < 4 * deadline + SLACK, record
    if record.outcome == "answered":
        check_whole(record)
    else:
        assert record.outcome == "failed", record
        assert record.stage is not None
        # the brain still writes while the first sentence plays
        assert STAGES.index(record.stage) >= STAGES.index(stage) - (stage == "tts"), record
        assert record.cue, record
        assert record.words == EXPECTED[: len(record.words)], "nothing is said twice"


async def answered_again(satellite: CheckedSatellite) -> None:
    """Check that turns succeed with the repaired server."""
    for _ in range(AGAIN):
        record = await satellite.turn()
        if record.outcome == "answered":
            break
        await asyncio.sleep(0.2)
    check_whole(record)
