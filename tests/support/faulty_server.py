"""A server that fails on command: python -m tests.support.faulty_server ADDRESS [PORT PORT PORT]

It serves the checkable engines, each behind a small proxy that knows the protocol. It writes JSON
lines to standard output: its ports (`ports`), and when the test has to cause the fault (`now`). It
reads the next fault (`stage`, `moment`, `fault`), or an order to continue (`go`), from standard
input.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import sys
from contextlib import AsyncExitStack, suppress
from typing import Any

from wyoming.event import Event, async_read_event, async_write_event

from servers.serve import serving
from tests.support.checkable_engines import CheckableAsr, CheckableLlm, CheckableTts

ENGINES = {"asr": CheckableAsr, "llm": CheckableLlm, "tts": CheckableTts}
BEGINS = {"asr": "transcribe", "llm": "transcript", "tts": "synthesize"}
"""The first event of a request, by stage."""
MIDDLE = {"asr": ("audio-chunk", 3), "llm": ("handled-chunk", 7), "tts": ("audio-chunk", 3)}
"""The event in the middle of a request or its answer, and its number, by stage."""
ENDS = {"asr": "transcript", "llm": "handled", "tts": "audio-stop"}
"""The last event of an answer, by stage; it is held back if the answer is complete before it."""
HERE = ("killed", "stopped")
"""Faults that this process causes itself."""
ELSEWHERE = ("cut", "loss")
"""Faults of the network, which the test causes."""


class Plan:
    """The next fault, which occurs once."""

    def __init__(self) -> None:
        self.stage = self.moment = self.fault = ""
        self.go = asyncio.Event()

    def take(self, order: dict[str, str]) -> None:
        """Accept an order."""
        if "go" in order:
            self.go.set()
        else:
            self.stage, self.moment = order.get("stage", ""), order.get("moment", "")
            self.fault = order.get("fault", "")

    def due(self, stage: str, moment: str) -> str:
        """Return the fault to cause now; empty if there is none."""
        if (self.stage, self.moment) != (stage, moment):
            return ""
        self.stage = ""
        return self.fault


class Proxy:
    """A proxy between a client and an engine's service."""

    def __init__(self, stage: str, inner: str, plan: Plan) -> None:
        self._stage = stage
        self._inner = int(inner.rpartition(":")[2])
        self._plan = plan

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward events in both directions until a side ends or a fault occurs."""
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._inner)
        tasks = [
            asyncio.create_task(self._requests(reader, far_writer, writer)),
            asyncio.create_task(self._answers(far_reader, writer)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            for task in tasks:
                task.cancelled() or task.exception()
            far_writer.transport.abort()
            with suppress(OSError, RuntimeError):
                writer.close()

    async def _requests(
        self,
        reader: asyncio.StreamReader,
        inner: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
    ) -> None:
        kind, number = MIDDLE["asr"]
        while (event := await async_read_event(reader)) is not None:
            if event.type == BEGINS[self._stage]:
                await self._fault("before", client)
            elif self._stage == "asr" and event.type == kind:
                number -= 1
                if number == 0:
                    await self._fault("during", client)
            await async_write_event(event, inner)

    async def _answers(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        kind, number = MIDDLE[self._stage]
        while (event := await async_read_event(reader)) is not None:
            if event.type == ENDS[self._stage]:
                if self._stage == "asr":
                    await async_write_event(event, client)
                await self._fault("after", client)
                if self._stage == "asr":
                    continue
            await async_write_event(event, client)
            if self._stage != "asr" and event.type == kind:
                number -= 1
                if number == 0:
                    await self._fault("during", client)

    async def _fault(self, moment: str, client: asyncio.StreamWriter) -> None:
        fault = self._plan.due(self._stage, moment)
        if not fault:
            return
        if fault in HERE:
            os.kill(os.getpid(), signal.SIGKILL if fault == "killed" else signal.SIGSTOP)
        elif fault in ELSEWHERE:
            self._plan.go.clear()
            report({"now": fault})
            await self._plan.go.wait()
        else:
            await FAULTS[fault](client)


async def reset(client: asyncio.StreamWriter) -> None:
    """Reset the connection, as after a crash of the machine."""
    linger = struct.pack("ii", 1, 0)
    client.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    client.transport.abort()


async def garbage(client: asyncio.StreamWriter) -> None:
    """Send bytes that are no event."""
    client.write(bytes(range(256)) * 8 + b"\n")
    await nothing(client)


async def wrong(client: asyncio.StreamWriter) -> None:
    """Send only events that were not requested."""
    for kind in ("detection", "played", "pong"):
        await async_write_event(Event(kind, {"text": "?"}), client)
    await nothing(client)


async def stall(client: asyncio.StreamWriter) -> None:
    """Send an event byte by byte."""
    for byte in b'{"type": "info", "version": "1.0.0", "data": {}}' * 100:
        client.write(bytes([byte]))
        await asyncio.sleep(0.1)


async def nothing(client: asyncio.StreamWriter) -> None:
    """Send neither an answer nor an end."""
    await asyncio.Event().wait()


FAULTS = {
    "stall": stall,
    "reset": reset,
    "garbage": garbage,
    "wrong event": wrong,
    "nothing": nothing,
}


def report(message: dict[str, Any]) -> None:
    """Write a message to the parent process."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


async def main(address: str, wanted: list[int]) -> None:
    plan = Plan()
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    ports = {}
    async with AsyncExitStack() as stack:
        for (stage, kind), port in zip(ENGINES.items(), wanted or [0, 0, 0], strict=True):
            inner = await stack.enter_async_context(serving(stage, kind(), "tcp://127.0.0.1:0"))
            server = await asyncio.start_server(Proxy(stage, inner, plan).serve, address, port)
            stack.callback(server.close)
            ports[stage] = server.sockets[0].getsockname()[1]
        report({"ports": ports})
        while line := await orders.readline():
            plan.take(json.loads(line))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], [int(port) for port in sys.argv[2:]]))
