"""`satellite --server`: serves engines until it is stopped."""

from __future__ import annotations

import sys

from satellite.cli.flags import State
from satellite.lib import worker
from servers import app

SWITCH = 0.001
"""Seconds for which one thread may run Python code while the event loop waits, in place of 5 ms."""
NICE = 5
"""How much lower the priority of model threads is: clients are answered while all of them work."""


def server(state: State) -> None:
    """Serve the roles that were asked for."""
    settings = state.settings(renew=True)

    sys.setswitchinterval(SWITCH)
    worker.give_way(NICE)
    state.run(lambda bus: app.run(settings, bus.publish), lasting=True)
