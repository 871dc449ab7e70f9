"""The engines of turns: chosen among those that can be used on this machine, or by an address."""

from __future__ import annotations

from satellite.cli.guided_setup.asking import Choice
from satellite.cli.guided_setup.wizard import Wizard
from satellite.components.spec import AUTO
from satellite.config import checks
from satellite.lib.daemon_thread import run_in_daemon_thread
from servers.models.offers import lacking, offers

_QUESTIONS = {
    "asr": "What recognizes speech?",
    "llm": "Which language model answers?",
    "tts": "Which voice speaks?",
}
_USES = {
    "asr": "recognizes speech",
    "tts": "speaks",
    "wake": "detects any words that you write, as --wake 'sherpa-onnx:hello house'",
}
"""What a model of sherpa-onnx is for."""
_OTHER = "a component"
_ADDRESS = "a component, or the http:// address of a server of OpenAI's API"


async def engines(session: Wizard) -> None:
    """Ask for the engine of each role that has a choice; Enter leaves it to `auto`."""
    if not session.ask.present:
        return
    found = await offers(session.settings)
    headed = False
    for role, question in _QUESTIONS.items():
        choices = [Choice(offer.component, offer.text) for offer in found if offer.role == role]
        if not choices or role in session.preset:
            continue
        if not headed:
            session.ask.head("Engines")
            headed = True
        usual = Choice(AUTO, "a server of the network, or the best that is installed here")
        await _choose(session, role, question, [usual, *choices])
    unused = await run_in_daemon_thread(lambda: lacking(session.settings))
    if unused and not headed:
        session.ask.head("Engines")
    for role, model in unused.items():
        session.ask.say(f"  satellite models pull {model}: sherpa-onnx {_USES[role]}")
    if headed or unused:
        session.ask.say("  More models: satellite models recommend")


async def _choose(session: Wizard, role: str, question: str, choices: list[Choice]) -> None:
    default = getattr(session.settings, role)
    if default not in {choice.value for choice in choices}:
        choices.append(Choice(default, "the current setting"))
    other = _ADDRESS if role == "llm" else _OTHER
    while True:
        answer = await session.ask.choose(question, choices, default, other=other)
        component = f"openai:{answer}" if answer.startswith(("http://", "https://")) else answer
        problems = list(checks.component(role, component))
        if not problems:
            session.choose(role, component)
            return
        for problem in problems:
            session.ask.say(f"  ! {problem}")
