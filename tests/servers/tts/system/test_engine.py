"""The voices of the operating system: eSpeak NG here, a stand-in for `say`, pyttsx3 on Linux.

What runs on macOS alone is tried with a program that stands in for it; pyttsx3's process is the
real one with its driver for Linux, as the one of Windows (SAPI) is nowhere else.
"""

from __future__ import annotations

import asyncio
import ctypes.util
import os
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from satellite.audio.wavfile import write_wav
from satellite.components import auto
from satellite.components.auto import Preference
from satellite.conformance import CHECKS, Check, TtsSample, fresh
from satellite.errors import (
    EngineClosed,
    EngineFailed,
    EngineTimeout,
    LanguageUnknown,
    ModelMissing,
)
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.ports import EngineContext
from satellite.settings import ModelSettings
from satellite.values import SPEECH, AudioChunk, SpeechRequest
from servers.serve.server import serving
from servers.tts.system import pyttsx3
from servers.tts.system.engine import SystemTts
from servers.tts.system.program import run
from tests.support.say_stand_in import SayStandIn

SAMPLE = TtsSample(text="One.", longer="The lamp in the living room is on, I believe.")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, which has to be empty in the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def say(tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> SayStandIn:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return SayStandIn(folder)


needs_pyttsx3 = pytest.mark.skipif(
    find_spec("pyttsx3") is None or ctypes.util.find_library("espeak-ng") is None,
    reason="needs pip install pyttsx3 and the Debian package libespeak-ng1",
)


@asynccontextmanager
async def engine_of(**options: Any) -> AsyncGenerator[SystemTts, None]:
    engine = SystemTts(SystemTts.Options(**options))
    try:
        yield engine
    finally:
        await engine.close()


async def speak(engine: SystemTts, text: str, **more: Any) -> list[AudioChunk]:
    return [chunk async for chunk in engine.synthesize(SpeechRequest(text=text, **more))]


def served(api: str, *, wire: bool) -> Any:
    @asynccontextmanager
    async def make() -> AsyncGenerator[Any, None]:
        async with engine_of(api=api) as engine:
            if not wire:
                yield engine
                return
            await engine.load()
            async with (
                serving("tts", engine, "tcp://127.0.0.1:0") as uri,
                fresh(lambda: remote(uri, "tts", pairing=Pairing()))() as far,
            ):
                yield far

    return make


@pytest.mark.parametrize("wire", [False, True], ids=["here", "wire"])
@pytest.mark.parametrize("check", CHECKS["tts"], ids=[check.name for check in CHECKS["tts"]])
async def test_say_conforms(check: Check, wire: bool, say: SayStandIn) -> None:
    await check.run(served("say", wire=wire), SAMPLE)


@needs_pyttsx3
@pytest.mark.parametrize("check", CHECKS["tts"], ids=[check.name for check in CHECKS["tts"]])
async def test_pyttsx3_conforms(check: Check, temporary: Path) -> None:
    await check.run(served("pyttsx3", wire=False), SAMPLE)
    assert not [*temporary.iterdir()]


async def test_on_linux_it_is_espeak() -> None:
    async with engine_of(voice="de", rate=200) as engine:
        await engine.load()
        info = engine.describe()
        assert (info.name, info.description.split()[-1]) == ("system", "espeak")
        quick = sum(len(chunk.audio) for chunk in await speak(engine, "Guten Morgen."))
    async with engine_of(voice="de", rate=100) as engine:
        slow = sum(len(chunk.audio) for chunk in await speak(engine, "Guten Morgen."))
    assert slow > 1.4 * quick


async def test_the_words_a_minute_and_the_voice_arrive(say: SayStandIn, temporary: Path) -> None:
    async with engine_of(api="say", rate=200, voice="daniel") as engine:
        await engine.load()
        assert "Samantha" in [model.name for model in engine.describe().models]
        chunks = await speak(engine, "Hello there.")
    assert {chunk.format.rate for chunk in chunks} == {22050}
    assert sum(chunk.format.seconds(chunk.audio) for chunk in chunks) == pytest.approx(
        0.5, abs=0.01
    )
    (call,) = say.spoken
    assert call[:4] == ["-v", "Daniel", "-r", "200"]
    assert call[-1] == " Hello there."
    assert not [*temporary.iterdir()]


@pytest.mark.parametrize(
    ("language", "voice"),
    [
        ("en-US", "Samantha"),
        ("en", "Samantha"),
        ("en_GB", "Daniel"),
        ("de", "Anna"),
        ("zh", "Tingting"),
        ("zh-TW", "Meijia"),
        ("it-CH", "Alice"),
    ],
)
async def test_a_language_has_a_voice(say: SayStandIn, language: str, voice: str) -> None:
    async with engine_of(api="say") as engine:
        await speak(engine, "word", language=language)
    assert say.spoken[0][:2] == ["-v", voice]


async def test_the_voice_of_the_settings_is_left_to_the_system(say: SayStandIn) -> None:
    async with engine_of(api="say") as engine:
        await speak(engine, "word")
    assert "-v" not in say.spoken[0]


async def test_a_voice_that_speaks_the_language_stays(say: SayStandIn) -> None:
    async with engine_of(api="say", voice="Daniel") as engine:
        await speak(engine, "word", language="en-US")
        await speak(engine, "word", language="de")
    assert [call[1] for call in say.spoken] == ["Daniel", "Anna"]


@pytest.mark.parametrize(
    ("name", "voice"),
    [
        ("bad news", "Bad News"),
        ("Eddy (English (US))", "Eddy (English (US))"),
        ("eddy", "Eddy (German (Germany))"),
    ],
)
async def test_names_of_several_words_are_found(say: SayStandIn, name: str, voice: str) -> None:
    async with engine_of(api="say") as engine:
        await speak(engine, "word", voice=name)
    assert say.spoken[0][:2] == ["-v", voice]


async def test_unknown_voices_and_languages_are_refused(say: SayStandIn) -> None:
    async with engine_of(api="say") as engine:
        with pytest.raises(ModelMissing, match="did you mean Samantha"):
            await speak(engine, "word", voice="Samanta")
        with pytest.raises(LanguageUnknown, match="no voice of the language"):
            await speak(engine, "word", language="ja")
    async with engine_of(api="say", voice="Missing") as engine:
        with pytest.raises(ModelMissing):
            await engine.load()


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("-o /tmp/x word", " -o /tmp/x word"),
        ("[[volm 0]] word", " [ [volm 0]] word"),
        ("a\0b\ud800 \x1b[1m", " a b?  [1m"),
        ("ok; rm -rf / `x` $(y)", " ok; rm -rf / `x` $(y)"),
    ],
)
async def test_no_text_is_a_command(say: SayStandIn, text: str, spoken: str) -> None:
    async with engine_of(api="say") as engine:
        await speak(engine, text)
    assert say.spoken[0][-1] == spoken


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        ("silent", "made a silence"),
        ("voiceless", "Voice `x' not found"),
        ("flood", "prints without end"),
    ],
)
async def test_failures_are_reported(
    say: SayStandIn, temporary: Path, monkeypatch: pytest.MonkeyPatch, mode: str, says: str
) -> None:
    async with engine_of(api="say") as engine:
        await engine.load()
        monkeypatch.setenv("SAY_MODE", mode)
        with pytest.raises(EngineFailed, match=says):
            await speak(engine, "word")
    assert not [*temporary.iterdir()]


async def test_a_missing_program_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    async with engine_of(api="say") as engine:
        with pytest.raises(EngineFailed, match="a part of macOS"):
            await engine.load()
    with pytest.raises(EngineFailed, match="cannot be started"):
        await run(("say",), 5)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def hanging(say: SayStandIn) -> list[int]:
    async with asyncio.timeout(10):
        while len(pids := say.pids) < 2:
            await asyncio.sleep(0.01)
    return pids


async def gone(pids: list[int]) -> None:
    async with asyncio.timeout(10):
        while any(map(alive, pids)):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("way", ["cancel", "close", "deadline"])
async def test_a_program_that_hangs_is_killed_with_its_children(
    say: SayStandIn, temporary: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    async with engine_of(api="say", timeout=4.0) as engine:
        await engine.load()
        monkeypatch.setenv("SAY_MODE", "hang")
        task = asyncio.create_task(speak(engine, "word"))
        pids = await hanging(say)
        expected: type[BaseException] = EngineTimeout
        if way == "cancel":
            task.cancel()
            expected = asyncio.CancelledError
        elif way == "close":
            await engine.close()
            expected = EngineClosed
        with pytest.raises(expected):
            await task
        await gone(pids)
    assert not [*temporary.iterdir()]


@needs_pyttsx3
async def test_pyttsx3_speaks_in_a_process_of_its_own(temporary: Path) -> None:
    async with engine_of(api="pyttsx3", rate=100) as engine:
        await engine.load()
        names = [model.name for model in engine.describe().models]
        assert len(names) > 50
        slow = await speak(engine, "Guten Morgen.", language="de")
        assert "pyttsx3" not in sys.modules
    async with engine_of(api="pyttsx3", rate=200) as engine:
        quick = await speak(engine, "Guten Morgen.", language="de")
    lengths = [sum(len(chunk.audio) for chunk in chunks) for chunks in (slow, quick)]
    assert lengths[0] > 1.4 * lengths[1]
    assert not [*temporary.iterdir()]


async def test_pyttsx3_that_cannot_be_used_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyttsx3.py").write_text("raise OSError('no COM here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    voices = pyttsx3.Pyttsx3(20)
    with pytest.raises(EngineFailed, match="OSError: no COM here"):
        await voices.voices()
    (tmp_path / "pyttsx3.py").write_text(
        "import os\nprint('driver says no', flush=True)\nos._exit(3)"
    )
    with pytest.raises(EngineFailed, match=r"without an answer.*driver says no"):
        await voices.speak("word", None, 165)


DRIVER = """
import shutil, threading, time
class Engine:
    def connect(self, topic, callback): self.finished = callback
    def setProperty(self, name, value): pass
    def save_to_file(self, text, path): self.path = path
    def runAndWait(self):
        threading.Thread(target=self.write).start()
    def write(self):
        time.sleep(0.5)
        if {sound!r}:
            shutil.copy({sound!r}, self.path)
        self.finished(name="", completed=True)
"""


@pytest.mark.parametrize("written", [True, False])
async def test_a_driver_that_writes_in_a_thread_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    """As eSpeak's does: under load its files were missing or cut off, or had another rate."""
    sound = tmp_path / "sound.wav"
    write_wav(sound, SPEECH, b"\x01\x00" * 1600)
    drivers = tmp_path / "pyttsx3" / "drivers"
    drivers.mkdir(parents=True)
    (drivers / "espeak.py").write_text(DRIVER.format(sound=str(sound) if written else ""))
    (tmp_path / "pyttsx3" / "__init__.py").write_text(
        "from pyttsx3.drivers.espeak import Engine as init"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    speaking = pyttsx3.Pyttsx3(20).speak("word", None, 165)
    if written:
        assert (await speaking)[1] == b"\x01\x00" * 1600
    else:
        with pytest.raises(EngineFailed, match="made no sound"):
            await speaking


async def test_auto_takes_it_where_the_system_has_a_voice(
    say: SayStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = EngineContext(models=ModelSettings(folder=str(tmp_path)))
    on_linux = await auto.preference("tts", context)
    assert on_linux.component == "espeak"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert await auto.preference("tts", context) == Preference("system", on_linux.remedy)
    monkeypatch.setenv("PATH", "/nonexistent")
    assert await auto.preference("tts", context) == on_linux
