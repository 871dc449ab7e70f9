"""The wake word: chosen, and tried by saying it."""

from __future__ import annotations

from satellite.cli.guided_setup.asking import Choice
from satellite.cli.guided_setup.learn_voices import offer_learning
from satellite.cli.guided_setup.wizard import Wizard
from satellite.components import spec
from satellite.components.auto import WAKE_STAND_IN, wake_engine
from satellite.components.spec import AUTO
from satellite.diagnostics.soundcheck.devices import chosen, explain
from satellite.diagnostics.soundcheck.wake_word import (
    easier,
    judge,
    listen,
    threshold_of,
)
from satellite.engines import assembly
from satellite.errors import DeviceError, SatelliteError
from satellite.ports import EngineContext
from satellite.values import ModelInfo

ENOUGH = 0.2
"""Margin above the threshold at which the trial ends: the word was recognised well."""

FIRST = "okay_nabu"
"""The default wake word."""


async def wake_word(session: Wizard) -> None:
    """Ask for a wake word, try it until its score is good, and offer to learn the voice."""
    ask = session.ask
    ask.head("Wake word")
    choices = await _choices()
    if "wake" not in session.preset:
        await session.component("wake", "Which wake word?", choices)
    if not ask.present or not await ask.yes("Try it now?", True):
        return
    while not (good := await _try(session)) and await ask.yes("Try it again?", False):
        if "wake" not in session.preset:
            await session.component("wake", "Which wake word?", choices)
    if good:
        await offer_learning(session)


async def _choices() -> list[Choice]:
    """Return the words of the engines, each with the default engine if that knows it."""
    found = {FIRST: Choice(AUTO, f"{FIRST.replace('_', ' ')} (the default)")}
    for name in dict.fromkeys((wake_engine(AUTO), WAKE_STAND_IN)):
        for model in await _models(name):
            word = model.name.rpartition("_v")[0] or model.name
            found.setdefault(word, Choice(f"{name}:{word}", model.phrase or word))
    return list(found.values())


async def _models(name: str) -> tuple[ModelInfo, ...]:
    """Return the words of an engine."""
    engine = await assembly.create("wake", name, EngineContext())
    try:
        await engine.load()
        models: tuple[ModelInfo, ...] = engine.describe().models
    finally:
        await engine.close()
    return models


async def _try(session: Wizard) -> bool:
    """Have a person say the word; return False if another try may give a better score."""
    mic = await chosen(session.settings, "mic")
    if mic is None:
        session.ask.say("  ! There is no microphone to try it with")
        return True
    component = wake_engine(session.settings.wake)
    threshold = threshold_of(component)
    enough = None if threshold is None else threshold + ENOUGH
    try:
        words, best = await listen(
            component,
            spec.create("mic", mic),
            lambda text: session.ask.say(f"  {text}"),
            EngineContext.for_settings(session.settings),
            enough,
        )
    except DeviceError as error:
        session.show(await explain("mic", error))
        return True
    except SatelliteError as error:
        session.ask.say(f"  ! {error}")
        return False
    finding = judge(component, words, best)
    session.show(finding)
    if best is None or threshold is None or finding.state == "ok":
        return finding.state == "ok"
    lower = easier(component, best)
    if await session.ask.yes(f"Make it easier to wake ({lower})?", True):
        session.choose("wake", lower)
        return True
    return False
