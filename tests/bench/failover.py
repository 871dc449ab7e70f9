"""Time until another server takes over, and until one that is back is used again.

    python -m tests.bench.failover [--rounds 10] [--hung]

Two server processes serve light engines. In the middle of each stage's work, the working one is
killed, or stopped with SIGSTOP (`--hung`, which waits for whole deadlines); the time is from the
signal to the next piece of the answer. Then a server that was killed, and one that was stopped,
comes back while a satellite keeps sending requests: the time is until it gets one again.
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
"""Seconds within which another server has to take over from one that was killed."""
BACK = 5.0
"""Seconds within which a server that is back has to be used again."""
_AWAY = 4.0
"""Seconds for which a server is down."""


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
        """Make an ordinary request of a role."""
        engine = self.engines[role]
        calls: dict[str, Any] = {
            "asr": lambda: engine.transcribe(sound(), TranscribeRequest()),
            "llm": lambda: engine.reply(ReplyRequest(text="tell me")),
            "tts": lambda: engine.synthesize(SpeechRequest(text=ANSWER)),
        }
        items: AsyncGenerator[Any, None] = calls[role]()
        return items


async def sound() -> AsyncIterator[bytes]:
    """Yield a second of sound, at double speed."""
    for _ in range(10):
        yield bytes(3200)
        await asyncio.sleep(0.05)


@asynccontextmanager
async def lan(machines: tuple[Machine, Machine]) -> AsyncGenerator[Lan, None]:
    made = Lan(machines)
    async with asyncio.TaskGroup() as tasks:
        browsing = tasks.create_task(made.discovery.run())
        while len(made.discovery.services()) < 6:
            await asyncio.sleep(0.005)
        yield made
        browsing.cancel()


async def takeover_time(site: Lan, role: str, number: int, moment: str) -> float:
    """Return the seconds from the signal, in the middle of a call, to the next piece of its answer.

    Speech-to-text gives no piece before the end of the sound: its time is counted from there.
    """
    if moment == "idle":
        os.kill(site.machines[0].pid, number)
        signalled = time.monotonic()
    async with aclosing(site.call(role)) as items:
        count = 0
        signalled = time.monotonic() if moment == "during" else signalled
        if role == "asr":
            await_end = asyncio.get_running_loop().time() + 0.5
            if moment == "during":
                asyncio.get_running_loop().call_later(0.25, os.kill, site.machines[0].pid, number)
        async for _ in items:
            if role == "asr":
                return asyncio.get_running_loop().time() - await_end
            if moment == "idle":
                return time.monotonic() - signalled
            count += 1
            if count == 3:
                os.kill(site.machines[0].pid, number)
                signalled = time.monotonic()
            elif (
                site.engines[role].label != site.machines[0].uris[("asr", "llm", "tts").index(role)]
            ):
                return time.monotonic() - signalled
    raise AssertionError("no server took over")


async def return_time(site: Lan, bring_back: Any) -> float:
    """Return the seconds from a server's return until it gets a request again."""
    first = site.machines[0].uris[2]
    began = time.monotonic()
    back: float | None = None
    while True:
        if back is None and time.monotonic() - began > _AWAY:
            await asyncio.to_thread(bring_back)
            back = time.monotonic()
        used: float | None = None
        async with aclosing(site.call("tts")) as items:
            async for _ in items:
                if used is None and site.engines["tts"].label == first:
                    used = time.monotonic()
        if back is not None and used is not None:
            return used - back
        await asyncio.sleep(0.02)


async def measure(rounds: int, number: int, bound: dict[str, float]) -> bool:
    """Print the times of takeover; return whether all are within the bound."""
    passed = True
    for role in ("asr", "llm", "tts"):
        for moment in ("idle", "during"):
            times = []
            for _ in range(rounds):
                machines = (Machine(None), Machine(None))
                try:
                    for machine in machines:
                        machine.start()
                    async with lan(machines) as site:
                        times.append(await takeover_time(site, role, number, moment))
                finally:
                    for machine in machines:
                        machine.kill()
            passed = passed and max(times) < bound[role]
            what = signal.Signals(number).name
            print(
                f"{what} {role} {moment:7} median {statistics.median(times) * 1000:6.0f} ms  "
                f"worst {max(times) * 1000:6.0f} ms  (limit {bound[role] * 1000:.0f} ms)",
                flush=True,
            )
    return passed


async def measure_return(rounds: int, number: int) -> bool:
    """Print how soon a server that is back is used; return whether that is soon enough."""
    times = []
    machines = (Machine(None), Machine(None))
    try:
        for machine in machines:
            machine.start()
        async with lan(machines) as site:
            for _ in range(rounds):
                os.kill(machines[0].pid, number)
                times.append(await return_time(site, machines[0].mend))
    finally:
        for machine in machines:
            machine.kill()
    how = "killed and started" if number == signal.SIGKILL else "stopped and continued"
    print(
        f"{how}: used again after median {statistics.median(times):.2f} s  "
        f"worst {max(times):.2f} s  (limit {BACK:g} s)",
        flush=True,
    )
    return max(times) < BACK


async def main() -> None:
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--hung", action="store_true")
    parser.add_argument("--returns", action="store_true", help="measure only the times of return")
    options = parser.parse_args()
    passed = True
    if not options.returns:
        passed &= await measure(options.rounds, signal.SIGKILL, dict.fromkeys(DEADLINES, KILLED))
    if options.hung:
        whole = DeadlineSettings()
        bound = {role: float(getattr(whole, role)) for role in DEADLINES}
        passed &= await measure(1, signal.SIGSTOP, bound)
    for number in (signal.SIGKILL, signal.SIGSTOP):
        passed &= await measure_return(options.rounds, number)
    if not passed:
        sys.exit("over the limit")


if __name__ == "__main__":
    asyncio.run(main())
