"""A voice returns the memory that speaking needs."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from tests.support.real_models import real_model
from tests.support.real_voice import VOICE

_SPEAK = """
import asyncio, sys
from satellite.diagnostics.health.memory_limit import share_arenas
from satellite.lib.platform.memory import give_back, used
from satellite.values import SpeechRequest
from servers.tts.piper.engine import Piper

async def main():
    share_arenas()
    piper = Piper(Piper.Options(voice=sys.argv[1]))
    await piper.load()
    async def speak(text):
        return [chunk async for chunk in piper.synthesize(SpeechRequest(text=text))]
    await speak("Yes.")
    give_back()
    before = used()
    for words in range(4, 30, 5):
        assert await speak("the lamp in the kitchen is on and the door is open " * (words // 4))
    give_back()
    print(used() - before)
    await piper.close()

asyncio.run(main())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc's malloc_trim")
def test_texts_of_many_lengths_leave_no_memory_behind() -> None:
    voice = real_model(VOICE) / "en_US-joe-medium.onnx"
    command = [sys.executable, "-c", _SPEAK, str(voice)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert int(done.stdout) < 40_000_000, "onnxruntime's own store holds 100 MB and more"
