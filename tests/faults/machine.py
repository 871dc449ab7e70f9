"""A server on its own machine, which can be broken and repaired."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.netns import Namespace

_NEWNET = 0x40000000
"""CLONE_NEWNET of <sched.h>: selects the network namespace for `setns`."""
_LOSS = 30
"""Percentage of packets lost in each direction: Wi-Fi at the edge of its range."""


class Machine:
    """Runs `tests.support.faulty_server`, in its own namespace if there is one."""

    def __init__(self, namespace: Namespace | None) -> None:
        self.address = namespace.address if namespace else "127.0.0.1"
        self.ports: dict[str, int] = {}
        self._namespace = namespace
        self._process: subprocess.Popen[str] | None = None
        self._broken = ""

    @property
    def uris(self) -> tuple[str, ...]:
        """The addresses of its services: asr, llm, tts."""
        return tuple(f"tcp://{self.address}:{port}" for port in self.ports.values())

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the server, on the same ports as before, if any."""
        self._process = subprocess.Popen(
            [
                *(self._namespace.prefix if self._namespace else ()),
                *(sys.executable, "-m", "tests.support.faulty_server", self.address),
                *map(str, self.ports.values()),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.ports = self._line()["ports"]

    def kill(self) -> None:
        """Stop the server."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None

    def order(self, stage: str, moment: str, fault: str) -> None:
        """Order the next fault."""
        self._order({"stage": stage, "moment": moment, "fault": fault})

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Cause the network faults that the server requests during this block."""
        assert self._process is not None
        assert self._process.stdout is not None
        loop, pipe = asyncio.get_running_loop(), self._process.stdout.fileno()

        def asked() -> None:
            line = os.read(pipe, 4096)
            if not line:  # the server was killed
                loop.remove_reader(pipe)
            else:
                self._break(json.loads(line)["now"])
                self._order({"go": True})

        loop.add_reader(pipe, asked)
        try:
            yield
        finally:
            loop.remove_reader(pipe)

    def mend(self) -> None:
        """Repair the server after any fault."""
        if self._broken == "cut":
            self._ip("link set eth0 up")
        elif self._broken == "loss":
            self._run("nft", "delete", "table", "inet", "lossy")
        self._broken = ""
        assert self._process is not None
        if self._process.poll() is not None:
            self.kill()
            self.start()
        else:
            self._process.send_signal(signal.SIGCONT)
            self._order({})

    def _break(self, fault: str) -> None:
        if fault == "cut":
            self._ip("link set eth0 down")
        else:
            self._run("nft", "add table inet lossy")
            for hook in ("input", "output"):
                chain = f"inet lossy {hook}"
                self._run("nft", f"add chain {chain} {{ type filter hook {hook} priority 0; }}")
                self._run("nft", f"add rule {chain} numgen random mod 100 < {_LOSS} drop")
        self._broken = fault

    def _ip(self, command: str) -> None:
        self._run("ip", *command.split())

    def _run(self, *command: str) -> None:
        assert self._namespace is not None
        subprocess.run([*self._namespace.prefix, *command], check=True, timeout=10)

    def _order(self, what: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def _line(self) -> Any:
        assert self._process is not None
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def inside(namespace: Namespace | None) -> Iterator[None]:
    """Open sockets of this thread in the namespace's network during this block."""
    if namespace is None:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(file: Path) -> None:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            if libc.setns(descriptor, _NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"setns {file}")
        finally:
            os.close(descriptor)

    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        enter(Path("/run/netns") / namespace.name)
        yield
    finally:
        libc.setns(own, _NEWNET)
        os.close(own)
