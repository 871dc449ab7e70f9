"""Build and check a vocabulary in a separate process.

Reading sentences, building word networks and loading PocketSphinx leave 8 MB of small holes in the
memory of the process that does it and hold the GIL for up to seconds, while the satellite has to
go on listening.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading

import msgspec

from satellite.errors import EngineClosed, EngineFailed
from satellite.lib.platform.processes import lower_own_priority, own_group
from satellite.text.reason_of import reason_of
from servers.asr.sphinx import vocabulary
from servers.asr.sphinx.recognizer import Recognizer
from servers.asr.sphinx.vocabulary import HomeNames, Vocabulary

_LOGGER = logging.getLogger(__name__)

_TIMEOUT = 120.0
"""Seconds. The smallest machines take 10 for a home with hundreds of names."""
_NICE = 5
"""Niceness of that process, nice(1): requests that are answered meanwhile come first."""


class _Task(msgspec.Struct, frozen=True):
    home: HomeNames
    folder: str


class _Result(msgspec.Struct, frozen=True):
    vocabulary: Vocabulary | None = None
    problem: str = ""


class VocabularyBuilder:
    """Builds vocabularies one after another, until it is closed. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False

    def build(self, home: HomeNames, folder: str = "") -> Vocabulary:
        """Build a home's vocabulary (see `vocabulary.for_home`) and check that PocketSphinx loads
        it.

        Falls back to this process where no other can be started. Blocks. Raises `EngineFailed` for
        invalid sentences, and `EngineClosed`.
        """
        try:
            result = self._in_subprocess(_Task(home, folder))
        except (OSError, subprocess.SubprocessError, msgspec.MsgspecError) as error:
            if self._closed:
                raise EngineClosed("pocketsphinx was closed") from error
            _LOGGER.warning(
                "building the vocabulary in this process; %s failed: %s",
                sys.executable,
                reason_of(error),
            )
            return _checked(home, folder)
        if result.vocabulary is None:
            raise EngineFailed(result.problem)
        return result.vocabulary

    def close(self) -> None:
        """End the process that builds: it may take minutes, and nothing waits for its result."""
        with self._lock:
            self._closed = True
            if self._child is not None:
                self._child.kill()

    def _in_subprocess(self, task: _Task) -> _Result:
        with self._start() as child:
            try:
                content, _ = child.communicate(msgspec.msgpack.encode(task), _TIMEOUT)
            finally:
                self._child = None
                child.kill()  # it may have taken too long
        if child.returncode:
            raise subprocess.CalledProcessError(child.returncode, child.args)
        return msgspec.msgpack.decode(content, type=_Result)

    def _start(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise EngineClosed("pocketsphinx was closed")
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                **own_group(),  # Ctrl+C at the satellite's terminal must not reach this process
            )
            return self._child


def _checked(home: HomeNames, folder: str) -> Vocabulary:
    built = vocabulary.for_home(home, folder)
    try:
        Recognizer(built)
    except (RuntimeError, ValueError) as error:
        raise EngineFailed(f"pocketsphinx: {error}") from error
    return built


def main() -> None:
    """Read a task from standard input and write its result to standard output."""
    lower_own_priority(_NICE)
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=_Task)
    try:
        result = _Result(_checked(task.home, task.folder))
    except EngineFailed as error:
        result = _Result(problem=str(error))
    sys.stdout.buffer.write(msgspec.msgpack.encode(result))


if __name__ == "__main__":
    main()
