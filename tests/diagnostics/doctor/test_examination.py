"""Checks run side by side; none can hang or end the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from time import monotonic, sleep

import pytest

from satellite.diagnostics.doctor import examination
from satellite.diagnostics.doctor.examination import Check, Examine, examine
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding, ok
from satellite.errors import DeviceMissing
from satellite.lib.daemon_thread import program, run_in_daemon_thread
from satellite.settings import Settings


def check(run: Examine, about: str = "it", deadline: float = 5.0) -> Check:
    return Check(area="here", about=about, examine=run, deadline=deadline)


async def healthy(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    yield ok("health", "good")


async def hanging(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    yield ok("first", "good")
    await asyncio.Event().wait()


async def wrong(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    yield ok("first", "good")
    raise ZeroDivisionError("of nothing")


async def told(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    raise DeviceMissing("no microphone: plug one in")
    yield ok("never", "reached")


async def run(*checks: Check) -> list[Finding]:
    return await examine(checks, ExaminationInput(Settings()))


async def test_a_check_that_hangs_is_told_and_the_rest_goes_on() -> None:
    found = await run(check(hanging, deadline=0.05), check(healthy))
    assert [finding.state for finding in found] == ["ok", "broken", "ok"]
    assert "no result within 0.05 s" in found[1].found
    assert {finding.area for finding in found} == {"here"}


async def test_a_check_that_fails_is_a_finding_after_what_it_found() -> None:
    found = await run(check(wrong), check(healthy))
    assert [finding.state for finding in found] == ["ok", "warning", "ok"]
    assert "ZeroDivisionError: of nothing" in found[1].found
    assert "report it" in found[1].remedy


async def test_an_error_for_users_is_told_in_its_own_words() -> None:
    (found,) = await run(check(told))
    assert (found.state, found.found) == ("broken", "no microphone: plug one in")


async def test_a_check_that_does_not_heed_its_cancellation_is_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(examination, "CLOSE", 0.05)
    release = asyncio.Event()

    async def stubborn(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        yield ok("at last", "done")

    began = monotonic()
    found = await run(check(stubborn, deadline=0.05))
    assert monotonic() - began < 1
    assert found[-1].state == "broken"
    release.set()
    await asyncio.sleep(0.01)


async def test_blocking_work_that_hangs_holds_nobody() -> None:
    async def blocked(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
        await run_in_daemon_thread(lambda: sleep(0.5))
        yield ok("never", "reached")

    began = monotonic()
    (found,) = await run(check(blocked, deadline=0.05))
    assert found.state == "broken"
    assert monotonic() - began < 0.4


async def test_checks_run_side_by_side_and_their_findings_keep_the_order() -> None:
    turns: list[str] = []

    def waiting(name: str, seconds: float) -> Examine:
        async def examine(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
            turns.append(f"begin {name}")
            await asyncio.sleep(seconds)
            turns.append(f"end {name}")
            yield ok(name, "good")

        return examine

    watched: list[Sequence[str]] = []
    checks = [check(waiting("slow", 0.05), "slow"), check(waiting("quick", 0), "quick")]
    found = await examine(checks, ExaminationInput(Settings()), watch=watched.append)
    assert turns == ["begin slow", "begin quick", "end quick", "end slow"]
    assert [finding.about for finding in found] == ["slow", "quick"]
    assert watched == [("slow", "quick"), ("slow",), ()]


async def test_programs_are_bounded_and_may_be_absent() -> None:
    assert await program(["no-such-program"]) is None
    began = monotonic()
    assert await program(["sleep", "5"], seconds=0.1) is None
    assert monotonic() - began < 2
    answer = await program(["sh", "-c", "echo out; echo why >&2; exit 3"])
    assert answer is not None
    assert (answer.code, answer.output, answer.complaint) == (3, "out\n", "why")
