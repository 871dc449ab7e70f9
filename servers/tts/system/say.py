"""The voices of macOS, by its program `say`."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from satellite.errors import EngineFailed
from satellite.text.quoted import quoted
from servers.tts.system.api import Sound, SystemVoice, sound_of
from servers.tts.system.program import run

PROGRAM = "say"
RATE = 22050
"""Hz of its sound: the rate of its voices."""

_LINE = re.compile(r"^(?P<name>\S.*?)\s+(?P<language>[a-z]{2,3}[_-]\w+)\s+#")
"""A line of the list: `Daniel              en_GB    # Hello! My name is Daniel.`"""

_JOKES = {
    *("Albert", "Bad News", "Bahh", "Bells", "Boing", "Bubbles", "Cellos", "Deranged", "Good News"),
    *("Hysterical", "Jester", "Organ", "Pipe Organ", "Superstar", "Trinoids", "Whisper", "Wobble"),
    "Zarvox",
}
_OLD = {
    *("Fred", "Junior", "Kathy", "Ralph"),
    *("Eddy", "Flo", "Grandma", "Grandpa", "Reed", "Rocko", "Sandy", "Shelley"),
}
"""Voices of the eighties, and those of Eloquence: quick and robotic."""


class SayProgram:
    """The program `say`, which is a part of macOS."""

    def __str__(self) -> str:
        return f"program {PROGRAM}"

    def missing(self) -> str | None:
        """Return in one line that it is missing; None if it is not."""
        if shutil.which(PROGRAM) is not None:
            return None
        return f"the program {PROGRAM} is not installed: it is a part of macOS"


class Say:
    """Speaks by `say`."""

    def __init__(self, timeout: float) -> None:
        """`timeout` is the longest time for a text in seconds."""
        self._timeout = timeout

    async def voices(self) -> tuple[SystemVoice, ...]:
        code, printed = await run((PROGRAM, "-v", "?"), self._timeout)
        found = tuple(_voice(match) for match in map(_LINE.match, printed.splitlines()) if match)
        if code or not found:
            raise EngineFailed(f"system: {PROGRAM} lists no voices: {quoted(printed, 200)}")
        return found

    async def speak(self, text: str, voice: SystemVoice | None, rate: int) -> Sound:
        with TemporaryDirectory(prefix="satellite-", ignore_cleanup_errors=True) as folder:
            file = Path(folder) / "speech.wav"
            named = ("-v", voice.identifier) if voice else ()
            # a text after a space is no option, and without [[ it holds no command for the voice
            spoken = f" {text.replace('[[', '[ [')}"
            form = ("--file-format=WAVE", f"--data-format=LEI16@{RATE}")
            _, printed = await run(
                (PROGRAM, *named, "-r", str(rate), "-o", str(file), *form, spoken), self._timeout
            )
            return sound_of(file, PROGRAM, printed)


def _voice(match: re.Match[str]) -> SystemVoice:
    name = match["name"]
    return SystemVoice(
        name=name,
        identifier=name,
        languages=(match["language"].replace("_", "-"),),
        last=name.partition(" (")[0] in _JOKES | _OLD,
    )
