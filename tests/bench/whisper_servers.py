"""Our speech-to-text server and `wyoming-faster-whisper`, with the same model and settings."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from tests.bench.load import pss
from tests.bench.port_wait import listens
from tests.support.ports import free_port

PEER = "wyoming-faster-whisper"
OURS = "ours"
SAMPLED_EVERY = 0.2
"""Seconds between two samples of the memory."""


class Server:
    """One of the compared servers, a running process."""

    def __init__(self, name: str, port: int, process: psutil.Process) -> None:
        self.name = name
        self.port = port
        self._process = process

    def cpu(self) -> float:
        """Return the CPU-seconds used so far."""
        times = self._process.cpu_times()
        return times.user + times.system

    def memory(self) -> float:
        """Return the proportional share of memory (PSS) in MiB."""
        return pss(self._process.pid)

    @contextmanager
    def peak(self, peaks: list[float]) -> Iterator[None]:
        """Sample the memory during the block and append the largest value, in MiB."""
        ended = threading.Event()
        most = self.memory()

        def sample() -> None:
            nonlocal most
            while not ended.wait(SAMPLED_EVERY):
                most = max(most, self.memory())

        thread = threading.Thread(target=sample)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            peaks.append(most)


@contextmanager
def whisper_servers(
    folder: Path, peers: Path | None, model: Path, threads: int
) -> Iterator[list[Server]]:
    """Start ours and, if it is installed, the peer; logs go to `folder`.

    `peers` is a folder with the peer's virtual environment `fw`; None: the peer on the search path.
    """
    settings = f"beam_size=5&compute_type=int8&language=en&cpu_threads={threads}"
    port = free_port()
    ours = [sys.executable, "-m", "satellite", "--server", "asr", "--host", "127.0.0.1"]
    ours += ["--asr", f"faster-whisper:{model}?{settings}"]
    ours += ["--asr-port", str(port), "--no-zeroconf"]
    commands = {OURS: (ours, port)}
    if peer := shutil.which(str(peers / "fw/bin" / PEER) if peers else PEER):
        port = free_port()
        commands[PEER] = (peer_command(peer, port, folder, model, threads), port)
    with ExitStack() as stack:
        yield [
            stack.enter_context(started(name, command, port, folder / f"{port}.log"))
            for name, (command, port) in commands.items()
        ]


def peer_command(program: str, port: int, folder: Path, model: Path, threads: int) -> list[str]:
    """Return the command that runs `wyoming-faster-whisper` with our settings."""
    command = [program, "--uri", f"tcp://127.0.0.1:{port}", "--model", str(model)]
    command += ["--data-dir", str(folder), "--language", "en", "--compute-type", "int8"]
    command += ["--beam-size", "5", "--cpu-threads", str(threads), "--local-files-only"]
    return command


@contextmanager
def started(name: str, command: list[str], port: int, log: Path) -> Iterator[Server]:
    """Run a server during the block. Raises `ChildProcessError` if it does not listen."""
    with log.open("w") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=sink)
        try:
            try:
                listens(port)
            except OSError as error:
                raise ChildProcessError(f"{name} does not listen: {log.read_text()}") from error
            yield Server(name, port, psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait()
