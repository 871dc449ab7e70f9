"""Checks run at the same time; none can hang or end the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from time import monotonic, sleep

import pytest

from satellite.diagnostics.doctor import examination
from satellite.diagnostics.doctor.areas import Check
from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.examination import Examine, examine
from satellite.errors import DeviceMissing
from satellite.lib.daemon_thread import program, run_in_daemon_thread
from satellite.lib.finding import Finding, ok

Planned = tuple[Check, Examine]


def find(function: Examine, about: str = "health", deadline: float = 5.0) -> Planned:
    return Check(about, "nowhere", deadline, area="here"), function


async def healthy(context: Context) -> AsyncGenerator[Finding, None]:
    yield ok("health", "good")


async def hanging(context: Context) -> AsyncGenerator[Finding, None]:
    yield ok("first", "good")
    await asyncio.Event().wait()


async def wrong(context: Context) -> AsyncGenerator[Finding, None]:
    yield ok("first", "good")
    raise ZeroDivisionError("of nothing")


async def missing(context: Context) -> AsyncGenerator[Finding, None]:
    raise DeviceMissing("no microphone: plug one in")
    yield ok("never", "reached")


async def run(
    *planned: Planned, watch: Callable[[Sequence[str]], None] = lambda running: None
) -> list[Finding]:
    functions = {check.about: function for check, function in planned}
    checks = [check for check, _ in planned]
    return await examine(checks, Context(), watch=watch, find=lambda c: functions[c.about])


async def test_a_check_that_hangs_is_reported_and_the_others_finish() -> None:
    found = await run(find(hanging, "wait", 0.05), find(healthy))
    assert [finding.state for finding in found] == ["ok", "broken", "ok"]
    assert "no result within 0.05 s" in found[1].found
    assert {finding.area for finding in found} == {"here"}


async def test_a_check_that_fails_is_reported_after_its_findings() -> None:
    found = await run(find(wrong, "divide"), find(healthy))
    assert [finding.state for finding in found] == ["ok", "warning", "ok"]
    assert "ZeroDivisionError: of nothing" in found[1].found
    assert "report it" in found[1].remedy


async def test_an_error_for_users_is_reported_in_its_own_words() -> None:
    (found,) = await run(find(missing))
    assert (found.state, found.found) == ("broken", "no microphone: plug one in")


async def test_a_check_that_ignores_its_cancellation_is_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(examination, "CLOSE", 0.05)
    release = asyncio.Event()

    async def stubborn(context: Context) -> AsyncGenerator[Finding, None]:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        yield ok("at last", "done")

    began = monotonic()
    found = await run(find(stubborn, deadline=0.05))
    assert monotonic() - began < 1
    assert found[-1].state == "broken"
    release.set()
    await asyncio.sleep(0.01)


async def test_blocking_work_that_hangs_does_not_delay_the_examination() -> None:
    async def blocked(context: Context) -> AsyncGenerator[Finding, None]:
        await run_in_daemon_thread(lambda: sleep(0.5))
        yield ok("never", "reached")

    began = monotonic()
    (found,) = await run(find(blocked, deadline=0.05))
    assert found.state == "broken"
    assert monotonic() - began < 0.4


async def test_checks_run_at_the_same_time_and_their_findings_keep_the_order() -> None:
    turns: list[str] = []

    def waiting(name: str, seconds: float) -> Examine:
        async def examine(context: Context) -> AsyncGenerator[Finding, None]:
            turns.append(f"begin {name}")
            await asyncio.sleep(seconds)
            turns.append(f"end {name}")
            yield ok(name, "good")

        return examine

    watched: list[Sequence[str]] = []
    planned = (find(waiting("slow", 0.05), "slow"), find(waiting("quick", 0), "quick"))
    found = await run(*planned, watch=watched.append)
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


async def test_a_module_that_cannot_be_imported_fails_its_own_check_alone() -> None:
    def load(check: Check) -> Examine:
        if check.about == "optional":
            raise ModuleNotFoundError("no module named 'optional'")
        return healthy

    checks = [Check("optional", "nowhere", 5.0), Check("health", "nowhere", 5.0)]
    found = await examine(checks, Context(), find=load)
    assert [finding.state for finding in found] == ["warning", "ok"]
    assert "no module named" in found[0].found
