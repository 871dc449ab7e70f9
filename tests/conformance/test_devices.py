"""The kit holds the built-in microphones, speakers and hooks to their promises."""

from __future__ import annotations

import pytest

from satellite import events
from satellite.builtin.audio.command import CommandMic, CommandSpeaker
from satellite.builtin.hooks.command import CommandHook
from satellite.conformance import CHECKS, Check, HookSample, MicSample, SpeakerSample, fresh
from satellite.conformance.hook import every_event
from satellite.errors import DeviceError

PATIENCE = 3.0


def by_name(check: Check) -> str:
    return check.name


@pytest.mark.parametrize("check", CHECKS["mic"], ids=by_name)
async def test_the_command_microphone_conforms(check: Check) -> None:
    make = fresh(lambda: CommandMic(CommandMic.Options(command="cat /dev/zero")))
    await check.run(make, MicSample(patience=PATIENCE))


@pytest.mark.parametrize("check", CHECKS["speaker"], ids=by_name)
async def test_the_command_speaker_conforms(check: Check) -> None:
    make = fresh(lambda: CommandSpeaker(CommandSpeaker.Options(command="cat")))
    await check.run(make, SpeakerSample(patience=PATIENCE))


@pytest.mark.parametrize("check", CHECKS["hook"], ids=by_name)
async def test_the_command_hook_conforms(check: Check) -> None:
    make = fresh(lambda: CommandHook(CommandHook.Options(command="true")))
    await check.run(make, HookSample())


async def test_a_missing_device_is_no_broken_promise() -> None:
    make = fresh(lambda: CommandMic(CommandMic.Options(command="no-such-program-at-all")))
    opening = [check for check in CHECKS["mic"] if check.name != "spells-its-offers"]
    for check in opening:
        with pytest.raises(DeviceError, match="no-such-program-at-all"):
            await check.run(make, MicSample(patience=PATIENCE))


def test_every_kind_of_event_has_an_example() -> None:
    assert {type(event) for event in every_event()} == set(events.KINDS)
