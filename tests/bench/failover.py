"""How soon another server takes over, and how soon one that is back is used again.

    python -m tests.bench.failover [--rounds 10] [--hung]

Two servers, processes of their own, serve light engines. In the middle of each stage's work the one
that does it is killed, or stopped with SIGSTOP (`--hung`; waits for whole deadlines); the time is
from the signal to the next piece of the answer. Then a server that was killed, and one that was
stopped, comes back while a satellite goes on asking: the time is until it is asked again.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import statistics
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from satellite.engines.failover import failover
from satellite.engines.selection import DEADLINES
from satellite.net.discovery.browser import Discovery
from satellite.net.discovery.preferences import Preferences
from satellite.net.pairing import Pairing
from satellite.settings import DeadlineSettings
from satellite.values import ReplyRequest, SpeechRequest, TranscribeRequest
from tests.faults.checked_satellite import BUILT_IN
from tests.faults.machine import Machine
from tests.support.checkable_engines import ANSWER

KILLED = 0.3
"""Seconds in which another server shall have taken over from one that was killed."""
BACK = 5.0
"""Seconds in which a server that is back shall be used again."""
_AWAY = 4.0
"""Seconds that a server stays away."""


class Lan:
    """Two servers and the engines of a satellite that prefers the first."""

    def __init__(self, machines: tuple[Machine, Machine]) -> None:
        self.machines = machines
        pins = tuple(uri for machine in machines for uri in machine.uris)
        self.discovery = Discovery(
            preferences=Preferences(pin=pins), announced=False, pairing=Pairing()
        )
        self.engines = {
            role: failover(role, BUILT_IN[role], self.discovery) for role in ("asr", "llm", "tts")
        }

    def call(self, role: str) -> AsyncGenerator[Any, None]:
        """An ordinary call."""
        engine = self.engines[role]
        calls: dict[str, Any] = {
            "asr": lambda: engine.transcribe(sound(), TranscribeRequest()),
            "llm": lambda: engine.reply(ReplyRequest(text="tell me")),
            "tts": lambda: engine.synthesize(SpeechRequest(text=ANSWER)),
        }
        items: AsyncGenerator[Any, None] = calls[role]()
        return items


async def sound() -> AsyncIterator[bytes]:
    """A second of sound, spoken in half of that."""
    for _ in range(10):
        yield bytes(3200)
        await asyncio.sleep(0.05)


@asynccontextmanager
async def lan(machines: tuple[Machine, Machine]) -> AsyncGenerator[Lan, None]:
    made = Lan(machines)
    async with asyncio.TaskGroup() as tasks:
        looking = tasks.create_task(made.discovery.run())
        while len(made.discovery.services()) < 6:
            await asyncio.sleep(0.005)
        yield made
        looking.cancel()


async def taken_over(here: Lan, role: str, number: int, moment: str) -> float:
    """Seconds from the signal, given in the middle of a call, to the next piece of its answer.

    Speech-to-text has no piece before the end of the sound: it is counted from there.
    """
    if moment == "idle":
        os.kill(here.machines[0].pid, number)
        struck = time.monotonic()
    async with aclosing(here.call(role)) as items:
        count = 0
        struck = time.monotonic() if moment == "during" else struck
        if role == "asr":
            await_end = asyncio.get_running_loop().time() + 0.5
            if moment == "during":
                asyncio.get_running_loop().call_later(0.25, os.kill, here.machines[0].pid, number)
        async for _ in items:
            if role == "asr":
                return asyncio.get_running_loop().time() - await_end
            if moment == "idle":
                return time.monotonic() - struck
            count += 1
            if count == 3:
                os.kill(here.machines[0].pid, number)
                struck = time.monotonic()
            elif (
                here.engines[role].label != here.machines[0].uris[("asr", "llm", "tts").index(role)]
            ):
                return time.monotonic() - struck
    raise AssertionError("nobody took over")


async def used_again(here: Lan, bring_back: Any) -> float:
    """Seconds from a server's return until it is asked, by a satellite that asks all the time."""
    mine = here.machines[0].uris[2]
    began = time.monotonic()
    back: float | None = None
    while True:
        if back is None and time.monotonic() - began > _AWAY:
            await asyncio.to_thread(bring_back)
            back = time.monotonic()
        asked: float | None = None
        async with aclosing(here.call("tts")) as items:
            async for _ in items:
                if asked is None and here.engines["tts"].label == mine:
                    asked = time.monotonic()
        if back is not None and asked is not None:
            return asked - back
        await asyncio.sleep(0.02)


async def measure(rounds: int, number: int, bound: dict[str, float]) -> bool:
    """Print how soon another takes over; return whether that is soon enough."""
    good = True
    for role in ("asr", "llm", "tts"):
        for moment in ("idle", "during"):
            times = []
            for _ in range(rounds):
                machines = (Machine(None), Machine(None))
                try:
                    for machine in machines:
                        machine.start()
                    async with lan(machines) as here:
                        times.append(await taken_over(here, role, number, moment))
                finally:
                    for machine in machines:
                        machine.kill()
            good = good and max(times) < bound[role]
            what = signal.Signals(number).name
            print(
                f"{what} {role} {moment:7} median {statistics.median(times) * 1000:6.0f} ms  "
                f"worst {max(times) * 1000:6.0f} ms  (shall be under {bound[role] * 1000:.0f} ms)",
                flush=True,
            )
    return good


async def measure_return(rounds: int, number: int) -> bool:
    """Print how soon a server that is back is asked; return whether that is soon enough."""
    times = []
    machines = (Machine(None), Machine(None))
    try:
        for machine in machines:
            machine.start()
        async with lan(machines) as here:
            for _ in range(rounds):
                os.kill(machines[0].pid, number)
                times.append(await used_again(here, machines[0].mend))
    finally:
        for machine in machines:
            machine.kill()
    how = "killed and started" if number == signal.SIGKILL else "stopped and continued"
    print(
        f"{how}: used again after median {statistics.median(times):.2f} s  "
        f"worst {max(times):.2f} s  (shall be under {BACK:g} s)",
        flush=True,
    )
    return max(times) < BACK


async def main() -> None:
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--hung", action="store_true")
    parser.add_argument("--returns", action="store_true", help="measure only those")
    options = parser.parse_args()
    good = True
    if not options.returns:
        good &= await measure(options.rounds, signal.SIGKILL, dict.fromkeys(DEADLINES, KILLED))
    if options.hung:
        whole = DeadlineSettings()
        bound = {role: float(getattr(whole, role)) for role in DEADLINES}
        good &= await measure(1, signal.SIGSTOP, bound)
    for number in (signal.SIGKILL, signal.SIGSTOP):
        good &= await measure_return(options.rounds, number)
    if not good:
        sys.exit("not soon enough")


if __name__ == "__main__":
    asyncio.run(main())
