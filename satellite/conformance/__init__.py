"""The conformance kit: holds a plugin to the protocol of its role, one promise at a time.

For the author of a plugin, with pytest:

    @pytest.mark.parametrize("check", CHECKS["tts"], ids=lambda check: check.name)
    async def test_conforms(check):
        make = fresh(lambda: Beeper(Beeper.Options()))
        await check.run(make, TtsSample(text="one two", longer="one two three four five six"))

or without it: `asyncio.run(check_tts(make, sample))`. Either raises `NotConforming`, an
`AssertionError` that names the promise and says how it was broken. `make` gives a context manager
around a fresh engine, so that an engine may as well be served and reached through the network.
"""

from __future__ import annotations

from satellite.conformance.asr import ASR_CHECKS, AsrSample
from satellite.conformance.check import Check, Make, NotConforming, fresh
from satellite.conformance.hook import HOOK_CHECKS, HookSample
from satellite.conformance.llm import LLM_CHECKS, LlmSample
from satellite.conformance.mic import MIC_CHECKS, MicSample
from satellite.conformance.offers import spelling_checks
from satellite.conformance.speaker import SPEAKER_CHECKS, SpeakerSample
from satellite.conformance.tts import TTS_CHECKS, TtsSample
from satellite.conformance.vad import VAD_CHECKS, VadSample
from satellite.conformance.wake import WAKE_CHECKS, WakeSample

__all__ = [
    "CHECKS",
    "AsrSample",
    "Check",
    "HookSample",
    "LlmSample",
    "Make",
    "MicSample",
    "NotConforming",
    "SpeakerSample",
    "TtsSample",
    "VadSample",
    "WakeSample",
    "check_asr",
    "check_hook",
    "check_llm",
    "check_mic",
    "check_speaker",
    "check_tts",
    "check_vad",
    "check_wake",
    "fresh",
]

_OF_ROLES: dict[str, tuple[Check, ...]] = {
    "asr": ASR_CHECKS,
    "hook": HOOK_CHECKS,
    "llm": LLM_CHECKS,
    "mic": MIC_CHECKS,
    "speaker": SPEAKER_CHECKS,
    "tts": TTS_CHECKS,
    "vad": VAD_CHECKS,
    "wake": WAKE_CHECKS,
}

CHECKS: dict[str, tuple[Check, ...]] = {
    role: (*checks, *spelling_checks(role)) for role, checks in _OF_ROLES.items()
}


async def check_asr(make: Make, sample: AsrSample) -> None:
    """Hold a speech-to-text engine to its protocol. Raises `NotConforming`."""
    for check in CHECKS["asr"]:
        await check.run(make, sample)


async def check_hook(make: Make, sample: HookSample) -> None:
    """Hold a hook to its protocol. Raises `NotConforming`."""
    for check in CHECKS["hook"]:
        await check.run(make, sample)


async def check_mic(make: Make, sample: MicSample) -> None:
    """Hold a microphone to its protocol. Raises `NotConforming`."""
    for check in CHECKS["mic"]:
        await check.run(make, sample)


async def check_speaker(make: Make, sample: SpeakerSample) -> None:
    """Hold a speaker to its protocol. Raises `NotConforming`."""
    for check in CHECKS["speaker"]:
        await check.run(make, sample)


async def check_llm(make: Make, sample: LlmSample) -> None:
    """Hold a brain to its protocol. Raises `NotConforming`."""
    for check in CHECKS["llm"]:
        await check.run(make, sample)


async def check_tts(make: Make, sample: TtsSample) -> None:
    """Hold a text-to-speech engine to its protocol. Raises `NotConforming`."""
    for check in CHECKS["tts"]:
        await check.run(make, sample)


async def check_vad(make: Make, sample: VadSample) -> None:
    """Hold a voice activity detector to its protocol. Raises `NotConforming`."""
    for check in CHECKS["vad"]:
        await check.run(make, sample)


async def check_wake(make: Make, sample: WakeSample) -> None:
    """Hold a wake word engine to its protocol. Raises `NotConforming`."""
    for check in CHECKS["wake"]:
        await check.run(make, sample)
