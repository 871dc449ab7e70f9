"""The wake word: its score while a person says it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

import msgspec

from satellite.audio.capture import Capture
from satellite.components import spec
from satellite.engines import assembly
from satellite.lib.finding import Finding, broken, ok, warning
from satellite.ports import EngineContext, Mic
from satellite.values import SPEECH, DetectRequest

SECONDS = 10.0
"""Seconds to listen: time to say the word three times."""

LEAST = 0.02
"""Lowest score reported; below it, the sound was nothing like the word."""

CLOSE_CALL = 0.15
"""Margin above the threshold within which a noise in the room is enough to lose the word."""

_STRICT = {"openwakeword": 0.5, "openwakeword-onnx": 0.5, "two-stage": 0.15}
"""Default thresholds; other engines have one for each word."""

_LEVELS = ("openwakeword", "openwakeword-onnx")
"""Engines that can want several scores in a row."""


class Score(msgspec.Struct, frozen=True):
    """The best score of a word."""

    word: str
    value: float


def sensitive(component: str) -> str:
    """Return a built-in wake engine set to report even low scores; others are left as they are."""
    if spec.is_uri(component):
        return component
    parsed = spec.parse(component)
    if parsed.plugin not in (*_STRICT, "microwakeword"):
        return component
    options = {**parsed.options, "threshold": str(LEAST), "refractory": "0"}
    if parsed.plugin in _LEVELS:
        options["trigger_level"] = "1"
    return _written(parsed, options)


def judge(component: str, words: str, best: Score | None) -> Finding:
    """Judge the best score of `words` by the threshold of `component`; None for no score at all."""
    threshold = threshold_of(component)
    if best is None:
        return broken(
            "wake word",
            f"nothing like {words} was heard",
            "If you said it, the satellite does not hear you.",
            "check level and mute (satellite doctor audio); come nearer; or try another word: "
            "--wake two-stage:hey_jarvis",
        )
    found = f"{best.word} heard with a score of {best.value:.2f}"
    if threshold is None:
        return ok("wake word", found)
    found = f"{found}; {threshold:g} is needed"
    remedy = f"set wake to '{easier(component, best)}'; or come nearer, or turn the microphone up"
    if best.value < threshold:
        return broken("wake word", found, "The satellite does not wake up.", remedy)
    if best.value < threshold + CLOSE_CALL:
        return warning("wake word", found, "In a louder room it may not wake up.", remedy)
    return ok("wake word", found)


async def listen(
    component: str,
    mic: Mic,
    prompt: Callable[[str], None],
    context: EngineContext,
    enough: float | None = None,
) -> tuple[str, Score | None]:
    """Ask a person, by `prompt`, to say the wake word; return the words and the best score.

    Ends early with a score of `enough`. Raises `SatelliteError`s of the microphone and the engine.
    """
    engine: Any = await assembly.create("wake", sensitive(component), context)
    try:
        await engine.load()
        words = ", ".join(model.phrase or model.name for model in _models(engine, component))
        prompt(f"say {words} a few times now ({SECONDS:g} s)")
        return words, await _best(engine, Capture(mic, lambda event: None), enough)
    finally:
        await engine.close()


async def _best(engine: Any, capture: Capture, enough: float | None) -> Score | None:
    best: Score | None = None
    async with (
        aclosing(_first_seconds(capture)) as audio,
        aclosing(engine.detect(audio, DetectRequest())) as detections,
    ):
        async for detection in detections:
            if best is None or detection.score > best.value:
                best = Score(detection.phrase or detection.word, detection.score)
                if enough is not None and best.value >= enough:
                    break
    return best


async def _first_seconds(capture: Capture) -> AsyncGenerator[bytes, None]:
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
    """Return the score needed to wake up; None if only the engine knows it."""
    if spec.is_uri(component):
        return None
    parsed = spec.parse(component)
    set_to = float(parsed.options.get("threshold", 0) or 0)
    return set_to or _STRICT.get(parsed.plugin)


def easier(component: str, best: Score) -> str:
    """Return the component with a threshold that `best` passes with a margin."""
    parsed = spec.parse(component)
    floor = _STRICT.get(parsed.plugin, 0.5) / 10
    lower = max(floor, round(best.value * 0.7, 2))
    return _written(parsed, {**parsed.options, "threshold": f"{lower:g}"})


def _written(parsed: spec.Component, options: Mapping[str, str]) -> str:
    argument = f":{parsed.argument}" if parsed.argument else ""
    return f"{parsed.plugin}{argument}?" + "&".join(f"{k}={quote(v)}" for k, v in options.items())


def _models(engine: Any, component: str) -> list[Any]:
    """Return the models of the words that the component names."""
    models = list(engine.describe().models)
    if spec.is_uri(component):
        return models
    words = spec.parse(component).argument or "okay_nabu"
    names = [name.strip().lower().replace(" ", "_") for name in words.split(",")]
    return [model for model in models if any(model.name.startswith(name) for name in names)]
