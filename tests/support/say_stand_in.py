"""A stand-in for the program `say` of macOS, for machines without it: not the program itself.

It has the options that the engine `system` uses, lists voices in macOS's form, and speaks a tone
for each word, in a WAV file with the chunks that macOS writes. `put` places it in a folder of the
search path; the environment variable SAY_MODE makes it fail in a way of its own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

VOICES = """\
Albert              en_US    # Hello! My name is Albert.
Alice               it_IT    # Ciao! Mi chiamo Alice.
Bad News            en_US    # Hello! My name is Bad News.
Daniel              en_GB    # Hello! My name is Daniel.
Eddy (German (Germany)) de_DE    # Hallo! Ich heisse Eddy.
Eddy (English (US)) en_US    # Hello! My name is Eddy.
Anna                de_DE    # Hallo! Ich heisse Anna.
Meijia              zh_TW    # Meijia
Samantha            en_US    # Hello! My name is Samantha.
Tingting            zh_CN    # Tingting
"""

_PROGRAM = """#!{python}
import json, math, os, struct, subprocess, sys, time
arguments = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(json.dumps(arguments) + "\\n")
if arguments == ["-v", "?"]:
    print({voices!r}, end="")
    sys.exit()
options = dict(voice="", rate="")
text = None
while arguments:
    first = arguments.pop(0)
    if first in ("-v", "-r", "-o"):
        options[first] = arguments.pop(0)
    elif first.startswith("--"):
        name, _, value = first.partition("=")
        options[name] = value
    elif first.startswith("-"):
        sys.exit(f"say: illegal option {{first}}")
    else:
        text = first
mode = os.environ.get("SAY_MODE", "")
if mode == "hang":
    child = subprocess.Popen(["sleep", "3600"])
    with open({log!r} + ".pids", "w") as pids:
        pids.write(f"{{os.getpid()}} {{child.pid}}")
    time.sleep(3600)
if mode == "flood":
    while True:
        print("x" * 65536)
if mode == "voiceless":
    print("Voice `x' not found.")
    sys.exit(1)
assert options["--file-format"] == "WAVE" and options["--data-format"] == "LEI16@22050"
seconds = 0.25 * len(text.split())
level = 0 if mode == "silent" else 8000
samples = b"".join(
    struct.pack("<h", round(level * math.sin(i / 8))) for i in range(round(seconds * 22050))
)
with open(options["-o"], "wb") as file:
    file.write(b"RIFF" + struct.pack("<I", 4 + 36 + 24 + 20 + len(samples)) + b"WAVE")
    file.write(b"JUNK" + struct.pack("<I", 28) + bytes(28))
    file.write(b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 22050, 44100, 2, 16))
    file.write(b"FLLR" + struct.pack("<I", 12) + bytes(12))
    file.write(b"data" + struct.pack("<I", len(samples)) + samples)
"""


class SayStandIn:
    """The stand-in in a folder."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "calls"
        self.folder = folder
        program = folder / "say"
        program.write_text(
            _PROGRAM.format(python=sys.executable, log=str(self._log), voices=VOICES)
        )
        program.chmod(0o755)

    @property
    def spoken(self) -> list[list[str]]:
        """The arguments of the calls that spoke."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        calls: list[Any] = [json.loads(line) for line in lines]
        return [call for call in calls if call != ["-v", "?"]]

    @property
    def pids(self) -> list[int]:
        """The processes of a call that hangs: its own and its child's."""
        file = Path(f"{self._log}.pids")
        return [int(pid) for pid in file.read_text().split()] if file.exists() else []
