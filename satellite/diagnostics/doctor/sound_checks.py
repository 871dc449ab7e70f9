"""Microphone, speaker and wake word, tried by recording and playing."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from satellite.audio.capture import Capture
from satellite.audio.playback import Playback
from satellite.components import spec
from satellite.components.auto import wake_engine
from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.soundcheck import echo as echoes
from satellite.diagnostics.soundcheck import wake_word
from satellite.diagnostics.soundcheck.devices import chosen, explain
from satellite.diagnostics.soundcheck.recording import judge_level, judge_rate, record
from satellite.errors import DeviceError, SatelliteError
from satellite.lib.finding import Finding, broken, note
from satellite.ports import EngineContext


async def recording(context: Context) -> AsyncGenerator[Finding, None]:
    """Record for some seconds and judge the sound, which is not stored."""
    name = await chosen(context.settings, "mic")
    if name is None:
        return  # reported by the check of the devices
    async with context.sound_devices():
        context.say(f"listening to {name} for {context.seconds:g} s")
        try:
            sample = await record(spec.create("mic", name), context.seconds)
        except DeviceError as error:
            yield await explain("mic", error, context.root)
            return
    for finding in (*judge_level(sample), *judge_rate(name, sample)):
        yield finding


async def echo(context: Context) -> AsyncGenerator[Finding, None]:
    """Play a short rising sound and find it in what the microphone hears."""
    mic = await chosen(context.settings, "mic")
    speaker = await chosen(context.settings, "speaker")
    if mic is None or speaker is None:
        return  # reported by the check of the devices
    if "wav" in (spec.parse(mic).plugin, spec.parse(speaker).plugin):
        yield note("echo", "not measured, as mic or speaker is a file")
        return
    async with context.sound_devices():
        context.say(f"playing a short sound on {speaker}")
        playback = Playback(
            spec.create("speaker", speaker), lambda event: None, volume=context.settings.volume
        )
        try:
            await playback.open()
        except DeviceError as error:
            yield await explain("speaker", error, context.root)
            return
        try:
            capture = Capture(spec.create("mic", mic), lambda event: None)
            found = await echoes.measure(playback, capture)
        except DeviceError:
            return  # reported by the recording
        finally:
            await playback.close()
    yield echoes.judge(found)


async def wake(context: Context) -> AsyncGenerator[Finding, None]:
    """Have a person say the wake word, and judge its score."""
    name = await chosen(context.settings, "mic")
    if name is None:
        return  # reported by the check of the devices
    component = wake_engine(context.settings.wake)
    try:
        async with context.sound_devices():
            mic = spec.create("mic", name)
            words, best = await wake_word.listen(
                component, mic, context.say, EngineContext.for_settings(context.settings)
            )
    except DeviceError as error:
        yield await explain("mic", error, context.root)
        return
    except SatelliteError as error:
        remedy = "choose another: satellite plugins wake lists the engines, --wake NAME:WORD"
        yield broken("wake word", str(error), "The satellite cannot be woken.", remedy)
        return
    yield wake_word.judge(component, words, best)
