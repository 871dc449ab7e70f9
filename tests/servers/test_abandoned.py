"""Clients that disappear at any moment; `python -m tests.soak.abandoned` is the long run of it."""

from __future__ import annotations

import pytest

from tests.soak.abandoned import run


@pytest.mark.timeout(180)
async def test_abandoned_requests_leave_nothing_behind() -> None:
    result = await run(60, warm_up=20)
    assert result.problems(megabytes=10.0) == []
