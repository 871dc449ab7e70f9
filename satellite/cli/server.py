"""`satellite --server`: serves engines until it is stopped."""

from __future__ import annotations

from satellite.cli import runner
from satellite.cli.flags import State


def server(state: State) -> None:
    """Serve the roles that were asked for."""
    state.start_logging()
    settings = state.configuration().settings
    from servers import app

    runner.run(lambda _bus: app.run(settings), events=state.events, lasting=True)
