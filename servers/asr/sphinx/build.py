"""A vocabulary, made and tried in a process of its own.

What reads sentences, builds networks of words and loads PocketSphinx leaves 8 MB of small holes in
the memory of the process that did it, and holds Python's lock for up to seconds; a satellite
listens meanwhile.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import msgspec

from satellite.errors import EngineFailed
from servers.asr.sphinx import vocabulary
from servers.asr.sphinx.recognizer import Recognizer
from servers.asr.sphinx.vocabulary import HomeNames, Vocabulary

_LOGGER = logging.getLogger(__name__)

_LIMIT = 120.0
"""Seconds: the smallest machines take 10 for a home of hundreds of names."""


class _Task(msgspec.Struct, frozen=True):
    home: HomeNames
    folder: str


class _Made(msgspec.Struct, frozen=True):
    vocabulary: Vocabulary | None = None
    problem: str = ""


def make(home: HomeNames, folder: str = "") -> Vocabulary:
    """Do what `vocabulary.make` does, and raise what it raises; prove that PocketSphinx takes it.

    In this process where there cannot be another. Blocks.
    """
    try:
        made = _elsewhere(_Task(home, folder))
    except (OSError, subprocess.SubprocessError, msgspec.MsgspecError) as error:
        _LOGGER.warning("the vocabulary is made without a process of its own: %s", error)
        return _proved(home, folder)
    if made.vocabulary is None:
        raise EngineFailed(made.problem)
    return made.vocabulary


def _elsewhere(task: _Task) -> _Made:
    done = subprocess.run(
        [sys.executable, "-P", "-m", __name__],
        input=msgspec.msgpack.encode(task),
        stdout=subprocess.PIPE,
        check=True,
        timeout=_LIMIT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        start_new_session=True,  # who stops the satellite at its terminal does not mean this one
    )
    return msgspec.msgpack.decode(done.stdout, type=_Made)


def _proved(home: HomeNames, folder: str) -> Vocabulary:
    made = vocabulary.make(home, folder)
    try:
        Recognizer(made)
    except (RuntimeError, ValueError) as error:
        raise EngineFailed(f"pocketsphinx: {error}") from error
    return made


def main() -> None:
    """Read a task from standard input, and write what came of it to standard output."""
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=_Task)
    try:
        made = _Made(_proved(task.home, task.folder))
    except EngineFailed as error:
        made = _Made(problem=str(error))
    sys.stdout.buffer.write(msgspec.msgpack.encode(made))


if __name__ == "__main__":
    main()
