"""A real Ollama on its own port, with tiny models; skips the test if it is not installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support import gguf_model

BABBLER = "babbler"
"""Model that yields random words and has no tools."""
CALLER = "caller"
"""Model that starts a timer after any request and then confirms it."""

INSTALL = Path(__file__).with_name("install_ollama.sh")
_SLOTS = 16
"""Answers at once. When a client hangs up in the instant between two tokens, Ollama 0.17 waits for
ever to hand it the next one, and that slot is lost: of tiny models, one time in a hundred."""

_START = 30.0
"""Seconds allowed for the start on a busy machine."""


def installed() -> str | None:
    """Return the installed program; None if it is missing."""
    cache = os.environ.get("SATELLITE_TEST_CACHE") or Path(
        os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "satellite-tests"
    )
    built = sorted(Path(cache).glob("ollama-*/ollama"))
    return str(built[-1]) if built else shutil.which("ollama")


def program() -> str:
    """Return the installed program; skip the test if it is missing."""
    found = installed()
    if found is None:
        pytest.skip(f"Ollama is not installed here: tests/support/{INSTALL.name} builds it with Go")
    return found


@contextmanager
def serving(folder: Path, build: str | None = None, *, slots: int = _SLOTS) -> Iterator[str]:
    """Run Ollama with its data in `folder`; yield its address. `build`: another program."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
    environment = {**os.environ, "OLLAMA_HOST": host, "HOME": str(folder)}
    environment |= {"OLLAMA_MODELS": str(folder / "models"), "OLLAMA_NUM_PARALLEL": str(slots)}
    with (folder / "ollama.log").open("wb") as log:
        process = subprocess.Popen(
            [build or program(), "serve"], env=environment, stdout=log, stderr=log
        )
        try:
            _wait(f"http://{host}", process, folder / "ollama.log")
            yield f"http://{host}"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def write_models(folder: Path) -> dict[str, Path]:
    """Write the Modelfiles of the tiny models; return their paths by name."""
    gguf_model.write(folder / "tiny.gguf")
    templates = {BABBLER: gguf_model.TEMPLATE, CALLER: gguf_model.TOOL_TEMPLATE}
    files = {}
    for name, template in templates.items():
        files[name] = folder / f"{name}.Modelfile"
        # one thread: two would wait for each other at every step of a model of this size
        files[name].write_text(
            f'FROM ./tiny.gguf\nTEMPLATE """{template}"""\nPARAMETER num_thread 1\n'
        )
    return files


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START
    while True:
        try:
            with urlopen(f"{address}/api/version", timeout=1.0):
                return
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, f"Ollama did not start: {log.read_text()}"
            time.sleep(0.05)
