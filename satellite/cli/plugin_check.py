"""`satellite plugins check`: the conformance kit, on an installed plugin."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from satellite.audio.resample import Resampler
from satellite.audio.wavfile import read_wav
from satellite.cli import command, flags, logs
from satellite.cli.screen import echo, print_text
from satellite.components import registry, spec
from satellite.conformance import (
    CHECKS,
    AsrSample,
    HookSample,
    LlmSample,
    MicSample,
    NotConforming,
    SpeakerSample,
    TtsSample,
    VadSample,
    WakeSample,
    fresh,
)
from satellite.conformance.check import Check
from satellite.errors import UsageError
from satellite.ports import ROLES, HasConformanceSample
from satellite.values import SPEECH, SpeechRequest

_LOGGER = logging.getLogger(__name__)

_INDENT = " " * len("broken  ")

REQUEST = "what time is it"
"""Spoken by eSpeak NG to engines that listen, where no recording is given."""


@command.command("check")
@flags.common
@command.option("--role", type=click.Choice(ROLES), help="Role, where several have such a plugin")
@command.option(
    "--wav",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Recording for an engine that listens: 16 kHz mono",
)
@command.option("--text", default=REQUEST, help=f"Words of the recording  [default: {REQUEST}]")
@command.option("--word", help="Wake word in the recording")
@click.argument("component")
@click.pass_context
def check(
    context: click.Context,
    role: str | None,
    wav: Path | None,
    text: str,
    word: str | None,
    component: str,
) -> None:
    """Hold an installed plugin to the promises of its role.

    COMPONENT is PLUGIN[:ARGUMENT][?option=value&...]. Each promise is a line; a broken one says how
    it was broken. The exit status is 1 if one is broken.
    """
    flags.invocation(context).start_logging()
    for name in ("satellite", "servers"):
        logs.quieten(name, logging.ERROR)  # the checks cause what is warned of
    role = role or _role_of(spec.parse(component).plugin)
    if asyncio.run(_check(role, partial(spec.create, role, component), wav, text, word)):
        context.exit(1)


def _role_of(name: str) -> str:
    """Return the role of a plugin. Raises `UsageError` for none, or for several."""
    roles = [plugin.role for plugin in registry.installed() if plugin.name == name]
    if not roles:
        raise UsageError(
            f"no plugin is called {name}: `satellite plugins` lists the installed ones, "
            "`pip install` adds one"
        )
    if len(roles) > 1:
        raise UsageError(f"{name} is a plugin of {', '.join(roles)}: add --role {roles[0]}")
    return roles[0]


async def _check(
    role: str, make: Callable[[], Any], wav: Path | None, text: str, word: str | None
) -> int:
    """Run the checks of a role, a line each; return how many promises are broken."""
    sample = await _sample(role, make(), wav, text, word)
    checks, began, broken = CHECKS[role], time.monotonic(), 0
    for check in checks:
        broken += not await _holds(check, make, sample)
    seconds = time.monotonic() - began
    verdict = "keeps every promise" if not broken else f"breaks {broken} of {len(checks)} promises"
    echo(f"\n{role} plugin: {verdict} ({len(checks)} checked in {seconds:.1f} s)")
    return broken


async def _holds(check: Check, make: Callable[[], Any], sample: Any) -> bool:
    try:
        await check.run(fresh(make), sample)
    except NotConforming as error:
        print_text(f"broken  {check.name}: {error.why}", later=_INDENT)
        print_text(f"{_INDENT}The promise: {check.promise}", later=_INDENT)
        _LOGGER.debug("the cause", exc_info=error)
        return False
    echo(f"ok      {check.name}")
    return True


async def _sample(role: str, plugin: Any, wav: Path | None, text: str, word: str | None) -> Any:
    """Return what the checks give to a plugin: its own sample, a recording, or speech made here."""
    if wav is None and isinstance(plugin, HasConformanceSample):
        return plugin.conformance_sample()
    if role == "llm":
        return LlmSample(text=text, other="hello")
    if role == "tts":
        return TtsSample(text="One.", longer="The lamp in the living room is on, I believe.")
    if role in _DEVICES:
        return _DEVICES[role]()
    audio = _recording(wav) if wav else await _speak(text)
    if role == "asr":
        return AsrSample(audio=audio, text=text)
    if role == "vad":
        return VadSample(speech=audio)
    if wav is None or word is None:
        raise UsageError(
            "a wake word engine is checked with a recording of its word: --wav FILE --word NAME"
        )
    return WakeSample(audio=audio, word=word, other=await _speak(REQUEST))


_DEVICES: dict[str, Callable[[], Any]] = {
    "mic": MicSample,
    "speaker": SpeakerSample,
    "hook": HookSample,
}


def _recording(wav: Path) -> bytes:
    form, audio = read_wav(wav)
    if form != SPEECH:
        raise UsageError(f"{wav} has {form.rate} Hz and {form.channels} channels, not 16 kHz mono")
    return audio


async def _speak(text: str) -> bytes:
    """Return a text spoken by eSpeak NG, 16 kHz mono, between silences."""
    engine = spec.create("tts", "espeak")
    await engine.load()
    quiet = bytes(SPEECH.bytes_of(0.5))
    try:
        chunks = [chunk async for chunk in engine.synthesize(SpeechRequest(text=text))]
    finally:
        await engine.close()
    resampler = Resampler(chunks[0].format, SPEECH)
    audio = b"".join(resampler.convert(chunk.audio) for chunk in chunks) + resampler.flush()
    return quiet + audio + quiet
