"""How well the wake word is heard while somebody says it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

import msgspec

from satellite.audio.capture import Capture
from satellite.components import spec
from satellite.components.auto import BUILT_IN
from satellite.diagnostics.doctor.device_error import refusal
from satellite.diagnostics.doctor.echo import nothing
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding, broken, ok, warning
from satellite.diagnostics.doctor.recording import chosen
from satellite.engines import assembly
from satellite.errors import DeviceError, SatelliteError
from satellite.ports import Mic
from satellite.values import SPEECH, DetectRequest

SECONDS = 10.0
"""How long is listened: time to say the word three times."""

LEAST = 0.02
"""The lowest score that is told: below it nothing was like the word."""

CLOSE_CALL = 0.15
"""Above the threshold by no more, a noise in the room is enough to lose the word."""

_STRICT = {"openwakeword": 0.5, "openwakeword-onnx": 0.5}
"""Thresholds where none is set; other engines know their own for each word."""


class Score(msgspec.Struct, frozen=True):
    """The best that was heard of a word."""

    word: str
    value: float


async def wake(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Let somebody say the wake word, and tell its score."""
    mic_name = await chosen(case, "mic")
    if mic_name is None:
        return  # the check of the devices tells why
    component = case.settings.wake
    component = BUILT_IN["wake"] if component == spec.AUTO else component
    try:
        words, best = await hear(case, component, spec.create("mic", mic_name))
    except DeviceError as error:
        yield await refusal(case, "microphone", error)
        return
    except SatelliteError as error:
        remedy = "choose another: satellite plugins wake lists the engines, --wake NAME:WORD"
        yield broken("wake word", str(error), "The satellite cannot be woken.", remedy)
        return
    yield judge(component, words, best)


def keener(component: str) -> str:
    """A built-in wake engine that also tells what is hardly like its word."""
    if spec.is_uri(component):
        return component
    parsed = spec.parse(component)
    if parsed.plugin not in (*_STRICT, "microwakeword"):
        return component
    chosen_options = {**parsed.options, "threshold": str(LEAST), "refractory": "0"}
    if parsed.plugin in _STRICT:
        chosen_options["trigger_level"] = "1"
    argument = f":{parsed.argument}" if parsed.argument else ""
    pairs = "&".join(f"{key}={quote(value)}" for key, value in chosen_options.items())
    return f"{parsed.plugin}{argument}?{pairs}"


def judge(component: str, words: str, best: Score | None) -> Finding:
    """What the best score means for the threshold that is set."""
    threshold = threshold_of(component)
    if best is None:
        return broken(
            "wake word",
            f"nothing like {words} was heard",
            "If somebody said it: the satellite does not hear you.",
            "see level and mute above (satellite doctor audio); say it nearer; try another word: "
            "--wake openwakeword:hey_jarvis",
        )
    found = f"{best.word} heard with a score of {best.value:.2f}"
    if threshold is None:
        return ok("wake word", found)
    found = f"{found}; {threshold:g} is needed"
    remedy = f"set wake to '{easier(component, best)}'; or come nearer, or turn the microphone up"
    if best.value < threshold:
        return broken("wake word", found, "It stays asleep.", remedy)
    if best.value < threshold + CLOSE_CALL:
        return warning("wake word", found, "In a louder room it may stay asleep.", remedy)
    return ok("wake word", found)


async def hear(
    case: ExaminationInput, component: str, mic: Mic, enough: float | None = None
) -> tuple[str, Score | None]:
    """Let somebody say the word: the words that are listened for, and the best that was heard.

    It ends early with a score of `enough`. Raises `SatelliteError`s of the microphone and the
    engine.
    """
    engine: Any = await assembly.create("wake", keener(component))
    try:
        await engine.load()
        words = ", ".join(model.phrase or model.name for model in _listened(engine, component))
        async with case.sound_devices():
            case.say(f"say {words} a few times now ({SECONDS:g} s)")
            return words, await _best(engine, Capture(mic, nothing), enough)
    finally:
        await engine.close()


async def _best(engine: Any, capture: Capture, enough: float | None) -> Score | None:
    best: Score | None = None
    async with (
        aclosing(_some_seconds(capture)) as audio,
        aclosing(engine.detect(audio, DetectRequest())) as detections,
    ):
        async for detection in detections:
            if best is None or detection.score > best.value:
                best = Score(detection.phrase or detection.word, detection.score)
                if enough is not None and best.value >= enough:
                    break
    return best


async def _some_seconds(capture: Capture) -> AsyncGenerator[bytes, None]:
    await capture.open()
    left = SPEECH.bytes_of(SECONDS)
    async with aclosing(capture.frames()) as frames:
        async for frame in frames:
            yield frame
            left -= len(frame)
            if left <= 0:
                return
            await asyncio.sleep(0)


def threshold_of(component: str) -> float | None:
    """The score that is needed; None where the engine alone knows."""
    if spec.is_uri(component):
        return None
    parsed = spec.parse(component)
    set_to = float(parsed.options.get("threshold", 0) or 0)
    return set_to or _STRICT.get(parsed.plugin)


def easier(component: str, best: Score) -> str:
    """The component with a threshold that what was heard reaches well."""
    lower = max(0.05, round(best.value * 0.7, 2))
    parsed = spec.parse(component)
    argument = f":{parsed.argument}" if parsed.argument else ""
    pairs = {**parsed.options, "threshold": f"{lower:g}"}
    return f"{parsed.plugin}{argument}?" + "&".join(f"{k}={v}" for k, v in pairs.items())


def _listened(engine: Any, component: str) -> list[Any]:
    """The models that are listened for, by what was asked for."""
    models = list(engine.describe().models)
    if spec.is_uri(component):
        return models
    asked = spec.parse(component).argument or "okay_nabu"
    names = [name.strip().lower().replace(" ", "_") for name in asked.split(",")]
    return [model for model in models if any(model.name.startswith(name) for name in names)]
