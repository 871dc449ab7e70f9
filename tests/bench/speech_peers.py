"""`wyoming-faster-whisper` and `wyoming-piper`: the speech services of a usual Home Assistant."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench.whisper_servers import PEER, peer_command, started
from tests.support.ports import free_port

PIPER = "wyoming-piper"
THREADS = 2
"""Threads of Whisper, as ours has on two cores."""


@contextmanager
def speech_peers(
    folder: Path, peers: Path, model: Path, voice: Path
) -> Iterator[Mapping[str, int]]:
    """Run both during the block and yield their ports by role; logs go to `folder`.

    `peers` holds their virtual environment `fw`, `voice` is the file of the Piper voice. Raises
    `FileNotFoundError` if one of them is not installed there.
    """
    programs = {}
    for name in (PEER, PIPER):
        if (found := shutil.which(str(peers / "fw/bin" / name))) is None:
            raise FileNotFoundError(f"{name} is not installed in {peers / 'fw'}")
        programs[name] = found
    ports = {"asr": free_port(), "tts": free_port()}
    piper = [programs[PIPER], "--uri", f"tcp://127.0.0.1:{ports['tts']}", "--voice", voice.stem]
    piper += ["--data-dir", str(voice.parent), "--local-files-only"]
    whisper = peer_command(programs[PEER], ports["asr"], folder, model, THREADS)
    with ExitStack() as stack:
        for name, command, role in ((PEER, whisper, "asr"), (PIPER, piper, "tts")):
            stack.enter_context(started(name, command, ports[role], folder / f"{name}.log"))
        yield ports
