"""One client on standard input and output of another process."""

from __future__ import annotations

import io
import subprocess
import sys

from wyoming.event import Event, read_event

from satellite.net.wire import encode
from tests.servers.serve.golden import lines

PROGRAM = """
import asyncio
from servers.serve import serve_stdio
from tests.support.engines import ScriptedTts
asyncio.run(serve_stdio("tts", ScriptedTts()))
"""


def serve(sent: bytes) -> subprocess.CompletedProcess[bytes]:
    strict = ("-W", "error", "-W", "ignore:'audioop'")
    return subprocess.run(
        [sys.executable, *strict, "-c", PROGRAM], input=sent, capture_output=True, timeout=30
    )


def test_requests_before_the_end_of_input_are_answered_and_the_process_ends() -> None:
    asked = [
        Event("describe"),
        Event("synthesize", {"text": "one"}),
        Event("synthesize-start"),
        Event("synthesize-chunk", {"text": "two"}),
        Event("synthesize-stop"),
        Event("synthesize-start"),
    ]
    done = serve(b"".join(map(encode, asked)))
    assert (done.returncode, done.stderr) == (0, b"")
    stream, events = io.BytesIO(done.stdout), []
    while event := read_event(stream):  # type: ignore[arg-type]
        events.append(event)
    spoken = ["audio-start", "audio-chunk", "audio-stop"]
    assert lines(events) == ["info", *spoken, *spoken, "synthesize-stopped"]


def test_garbage_ends_the_process_cleanly() -> None:
    done = serve(b"hello?\n")
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"dropped a client" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_regular_file_is_refused_with_a_message() -> None:
    with open(__file__, "rb") as file:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], stdin=file, capture_output=True, timeout=30
        )
    assert done.returncode == 1
    assert b"stdio:// needs pipes on both sides" in done.stderr
