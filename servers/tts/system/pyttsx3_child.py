"""A process that speaks one text with pyttsx3, or lists its voices, and ends.

pyttsx3 runs the loop of the operating system (COM on Windows), which can hang, and speaks once for
each process: hence a process of its own, which its parent kills after a deadline. It is run as a
file, knows nothing of the rest of the program, and answers by a file, as drivers print.

Standard input is a JSON object: `answer`, the file to answer in, and, to speak, `text`, `path`,
`rate` in words a minute, and `voice`, an identifier or empty.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any


def speak(engine: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Write the text's sound to the WAV file `path`."""
    finished = threading.Event()
    engine.connect("finished-utterance", lambda **_: finished.set())
    if request["voice"]:
        engine.setProperty("voice", request["voice"])
    engine.setProperty("rate", request["rate"])
    engine.save_to_file(request["text"], request["path"])
    engine.runAndWait()
    if "pyttsx3.drivers.espeak" in sys.modules:
        # runAndWait does not wait for this driver's thread, and the parent has the deadline
        finished.wait()
    return {}


def voices(engine: Any) -> dict[str, Any]:
    """Return the voices, as far as the driver can describe them."""
    return {
        "voices": [
            {
                "id": str(voice.id),
                "name": str(voice.name),
                "languages": [str(language) for language in voice.languages or []],
            }
            for voice in engine.getProperty("voices")
        ]
    }


def main() -> None:
    """Do what standard input asks for."""
    request = json.loads(sys.stdin.buffer.read())
    try:
        import pyttsx3

        engine = pyttsx3.init()
        answer = speak(engine, request) if "text" in request else voices(engine)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    Path(request["answer"]).write_text(json.dumps(answer), "utf-8")
    sys.stdout.flush()
    os._exit(0)  # drivers hang when they are torn down


if __name__ == "__main__":
    main()
