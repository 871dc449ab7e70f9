"""A day in a home: python -m tests.soak.home [--hours 24] [--seed 0]

A satellite and a server, real programs on separate machines as far as the network is concerned.
Every simulated hour two incidents happen: the server is restarted or killed, stopped for a while,
or gets another address; the Wi-Fi fails for some seconds; the satellite's machine is suspended, is
too busy, or has its clock set; Home Assistant drives turns and dies within one. During and after
each, a person asks for the time. At the end the satellite must listen, use the server, and use no
more memory, tasks, threads and descriptors than in the morning.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.soak.day_report import DayReport
from tests.soak.soaked_home import SoakedHome

Happening = tuple[str, Callable[[], None]]


def happenings(home: SoakedHome, seed: int) -> Iterator[Happening]:
    """Return the endless incidents of this home; each seed but 0 has another order."""
    chance = random.Random(seed)
    everything: list[Happening] = [
        ("a restart of the server", home.restart_server),
        ("the satellite's machine is suspended", home.suspend),
        ("the server gets another address", home.move_server),
        ("no Wi-Fi", home.drop_wifi),
        ("Home Assistant is restarted", home.home_assistant),
        ("the server hangs", home.stop_server),
        ("suspended in the middle of a turn", home.suspend_in_a_turn),
        ("the server is killed", home.kill_server),
        ("the satellite stands still", home.stand_still),
        ("the clock is set", home.set_clock),
    ]
    while True:
        if seed:
            chance.shuffle(everything)
        yield from everything


def live(hours: int, folder: Path, seed: int = 0) -> DayReport:
    """Run a number of hours."""
    with ExitStack() as stack:
        home = SoakedHome(stack, folder)
        home.server.wait_for("ready", timeout=60)
        day = happenings(home, seed)
        home.settle("the start")
        for hour in range(hours):
            print(f"{hour:02}:00", flush=True)
            for _ in range(2):
                what, deed = next(day)
                print(f"  {what}", flush=True)
                deed()
                home.settle(what)
            home.measure()
        home.settle("the whole day")
        return home.day


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0, help="another order of what happens")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        day = live(options.hours, Path(folder), options.seed)
    print(day.report())
    if problems := day.problems():
        sys.exit("; ".join(problems))


if __name__ == "__main__":
    main()
