"""The pipeline's own latency from the end of speech to the first sound, with instant engines.

    python -m tests.bench.overhead [--turns 10] [--pace 0.05]

Microphone, voice detector, endpointing, sentences, resampling and speaker are the real ones; wake
word, speech-to-text and voice answer at once, and the brain writes a token each `--pace` seconds.
The time beyond the silence that ends an utterance, and beyond the tokens of the first sentence, is
the pipeline's. The exit code is 1 above 20 ms in the median, or 40 ms in the worst turn.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import statistics
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import msgspec

from satellite import events
from satellite.audio.capture import Capture
from satellite.audio.playback import Playback
from satellite.audio.wavfile import write_wav
from satellite.components import spec
from satellite.lib.bus import Bus
from satellite.listening.listener import Listener
from satellite.settings import CueSettings, Settings
from satellite.turns.context import Engines
from satellite.values import SPEECH, ReplyPart, ReplyRequest
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts, ScriptedWake
from tests.support.speech import silence, speak
from tests.support.turn_parts import SpeechParts, TurnParts

TOKENS = ("The", " lamp", " is", " on", ".", " Is", " there", " anything", " else", "?")
SENTENCE = 5
"""Tokens of the first sentence."""


class PacedLlm(ScriptedLlm):
    """Writes a token each `pace` seconds, the first one after as long."""

    def __init__(self, seconds: float) -> None:
        super().__init__([TOKENS])
        self.seconds = seconds

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        async with aclosing(super().reply(request)) as parts:
            async for part in parts:
                if self.seconds:
                    await asyncio.sleep(self.seconds)
                yield part


async def overheads(folder: Path, turns: int, pace: float = 0.0) -> list[float]:
    """Return the seconds of each turn beyond the silence and the first sentence's tokens."""
    once = silence(1.0) + speak("what time is it") + silence(2.5)
    write_wav(folder / "in.wav", SPEECH, once * turns)
    samples = len(once) // 2
    wake = ScriptedWake([turn * samples + 8000 for turn in range(turns)])
    settings = msgspec.structs.replace(Settings(), cues=CueSettings(awake=False))
    bus = Bus()
    vad = spec.create("vad", "silero")
    vad.load()
    engines = Engines(ScriptedAsr(), PacedLlm(pace), ScriptedTts(rate=22050))
    playback = Playback(spec.create("speaker", f"wav:{folder / 'out.wav'}"), bus.publish)
    capture = Capture(spec.create("mic", f"wav:{folder / 'in.wav'}"), bus.publish)
    parts = TurnParts(SpeechParts(settings, engines, playback, bus.publish))
    listener = Listener(capture, wake, vad, settings.listen, bus.publish)
    async with bus.subscribe("bench") as happening:
        await playback.open()
        async with asyncio.TaskGroup() as tasks:
            helper = tasks.create_task(parts.run())
            await listener.run(parts.manager.start, idle=lambda: parts.speech.activity.idle)
            helper.cancel()
        await playback.close()
        bus.end()
        happened = [event async for event in happening]
    ends = [event.mono for event in happened if isinstance(event, events.SpeechEnd)]
    starts = [event.mono for event in happened if isinstance(event, events.AudioStart)]
    ideal = settings.listen.silence + pace * SENTENCE
    return [start - end - ideal for end, start in zip(ends, starts, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--pace", type=float, default=0.05, help="seconds of a token")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(overheads(Path(folder), options.turns, options.pace))
    median, worst = statistics.median(found) * 1000, max(found) * 1000
    print(
        f"{len(found)} turns: {median:.1f} ms median, {worst:.1f} ms worst, limits 20 and 40 ms "
        f"(ratio {median / 20:.2f})"
    )
    sys.exit(median > 20 or worst > 40)


if __name__ == "__main__":
    main()
