"""The wake word: chosen by trying it."""

from __future__ import annotations

from satellite.components import spec
from satellite.components.auto import BUILT_IN
from satellite.components.spec import AUTO
from satellite.diagnostics.doctor.device_error import refusal
from satellite.diagnostics.doctor.recording import chosen
from satellite.diagnostics.doctor.wake_word import easier, hear, judge, threshold_of
from satellite.engines import assembly
from satellite.errors import DeviceError, SatelliteError
from satellite.setup.asking import Choice
from satellite.setup.wizard import Wizard

ENOUGH = 0.2
"""Above the threshold by so much, the word was heard well, and nobody needs to say it again."""

FIRST = "okay_nabu"
"""What is listened for where nothing is set."""


async def word(session: Wizard) -> None:
    """Choose a wake word, and try it until it is heard well."""
    session.ask.head("Wake word")
    choices = await _choices()
    wanted = session.ask.present
    asked, first = "wake" in session.given, True
    while first or wanted:
        if not asked:
            await session.component("wake", "Which wake word?", choices)
        if first:
            wanted = wanted and await session.ask.yes("Try it now?", True)
        if wanted:
            wanted = not await _tried(session)
            wanted = wanted and await session.ask.yes("Try it again?", False)
        first = False


async def _choices() -> list[Choice]:
    """The words of the built-in engine."""
    name = BUILT_IN["wake"]
    engine = await assembly.create("wake", name)
    try:
        await engine.load()
        models = engine.describe().models
    finally:
        await engine.close()
    plain = {model.name.rpartition("_v")[0] or model.name: model for model in models}
    words = [Choice(AUTO, f"{FIRST.replace('_', ' ')}, as it comes")]
    return words + [
        Choice(f"{name}:{word}", model.phrase or word)
        for word, model in plain.items()
        if word != FIRST
    ]


async def _tried(session: Wizard) -> bool:
    """Let somebody say the word; False where it was not heard well, and may be the next time."""
    case = session.case()
    mic = await chosen(case, "mic")
    if mic is None:
        session.ask.say("  ! there is no microphone to say it to")
        return True
    component = session.settings.wake
    component = BUILT_IN["wake"] if component == AUTO else component
    threshold = threshold_of(component)
    enough = None if threshold is None else threshold + ENOUGH
    try:
        words, best = await hear(case, component, spec.create("mic", mic), enough)
    except DeviceError as error:
        session.tell(await refusal(case, "microphone", error))
        return True
    except SatelliteError as error:
        session.ask.say(f"  ! {error}")
        return False
    found = judge(component, words, best)
    session.tell(found)
    if best is None or threshold is None or found.state == "ok":
        return found.state == "ok"
    lower = easier(component, best)
    if await session.ask.yes(f"Make it easier to wake ({lower})?", True):
        session.choose("wake", lower)
        return True
    return False
