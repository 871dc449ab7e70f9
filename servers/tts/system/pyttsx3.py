"""The voices of Windows (SAPI), by pyttsx3 in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from satellite.errors import EngineFailed
from satellite.lib.decoding import Undecodable, from_json
from satellite.text.quoted import quoted
from servers.tts.system.api import Sound, SystemVoice, sound_of
from servers.tts.system.program import run

PROGRAM = "pyttsx3"
_CHILD = Path(__file__).with_name("pyttsx3_child.py")


class _Voice(msgspec.Struct, frozen=True):
    id: str
    name: str
    languages: tuple[str, ...] = ()


class _Answer(msgspec.Struct, frozen=True):
    error: str = ""
    voices: tuple[_Voice, ...] = ()


class Pyttsx3:
    """Speaks by pyttsx3 with the driver of this operating system."""

    def __init__(self, timeout: float) -> None:
        """`timeout` is the longest time for a text in seconds."""
        self._timeout = timeout

    async def voices(self) -> tuple[SystemVoice, ...]:
        with TemporaryDirectory(prefix="satellite-", ignore_cleanup_errors=True) as folder:
            answer, printed = await self._ask(Path(folder), {})
        if not answer.voices:
            raise EngineFailed(f"system: {PROGRAM} lists no voices: {quoted(printed, 200)}")
        return tuple(
            SystemVoice(
                name=voice.name,
                identifier=voice.id,
                languages=tuple(language.replace("_", "-") for language in voice.languages),
            )
            for voice in answer.voices
        )

    async def speak(self, text: str, voice: SystemVoice | None, rate: int) -> Sound:
        request = {
            "text": text.replace("<", " "),  # SAPI takes a text with tags for XML
            "voice": voice.identifier if voice else "",
            "rate": rate,
        }
        with TemporaryDirectory(prefix="satellite-", ignore_cleanup_errors=True) as folder:
            file = Path(folder) / "speech.wav"
            _, printed = await self._ask(Path(folder), {**request, "path": str(file)})
            return sound_of(file, PROGRAM, printed)

    async def _ask(self, folder: Path, request: dict[str, Any]) -> tuple[_Answer, str]:
        """Return the child's answer and what its driver printed. Raises `EngineFailed`."""
        file = folder / "answer.json"
        asked = msgspec.json.encode({**request, "answer": str(file)})
        _, printed = await run((sys.executable, "-P", str(_CHILD)), self._timeout, asked)
        try:
            answer = from_json(file.read_bytes(), _Answer)
        except (OSError, Undecodable) as error:
            raise EngineFailed(
                f"system: {PROGRAM} ended without an answer: {quoted(printed.strip(), 300)}"
            ) from error
        if answer.error:
            raise EngineFailed(f"system: {PROGRAM}: {answer.error[:300]}")
        return answer, printed
