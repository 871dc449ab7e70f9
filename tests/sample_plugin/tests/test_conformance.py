"""Satellite's conformance kit, as the author of a plugin uses it."""

from __future__ import annotations

import pytest
from stranger.beeper import Beeper
from stranger.parrot import Parrot

from satellite.conformance import CHECKS, Check, LlmSample, TtsSample, fresh


@pytest.mark.parametrize("check", CHECKS["tts"], ids=lambda check: check.name)
async def test_beeper_conforms(check: Check) -> None:
    make = fresh(lambda: Beeper(Beeper.Options()))
    await check.run(make, TtsSample(text="one two", longer="one two three four five six"))


@pytest.mark.parametrize("check", CHECKS["llm"], ids=lambda check: check.name)
async def test_parrot_conforms(check: Check) -> None:
    make = fresh(lambda: Parrot(Parrot.Options()))
    await check.run(make, LlmSample(text="pieces of eight", other="hello"))
