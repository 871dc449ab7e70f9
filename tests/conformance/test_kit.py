"""The kit lets engines pass that keep their promises; test_broken.py breaks each promise."""

from __future__ import annotations

from typing import Any

import pytest

from satellite.conformance import (
    CHECKS,
    Check,
    check_asr,
    check_hook,
    check_llm,
    check_mic,
    check_speaker,
    check_tts,
    check_vad,
    check_wake,
    fresh,
)
from tests.conformance.engines import GOOD, SAMPLES

EVERY = [(role, check) for role, checks in CHECKS.items() for check in checks]


@pytest.mark.parametrize(
    ("role", "check"), EVERY, ids=[f"{role}-{check.name}" for role, check in EVERY]
)
async def test_good_engines_pass(role: str, check: Check) -> None:
    await check.run(fresh(GOOD[role]), SAMPLES[role])


@pytest.mark.parametrize(
    ("role", "whole"),
    [
        ("asr", check_asr),
        ("hook", check_hook),
        ("mic", check_mic),
        ("speaker", check_speaker),
        ("llm", check_llm),
        ("tts", check_tts),
        ("vad", check_vad),
        ("wake", check_wake),
    ],
)
async def test_a_role_is_checked_by_one_call(role: str, whole: Any) -> None:
    await whole(fresh(GOOD[role]), SAMPLES[role])


def test_every_check_says_what_it_holds_an_engine_to() -> None:
    for role, checks in CHECKS.items():
        names = [check.name for check in checks]
        assert len(set(names)) == len(names), role
        assert all(check.promise.endswith(".") for check in checks)
