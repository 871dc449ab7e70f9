"""`satellite --server`: serves engines until it is stopped."""

from __future__ import annotations

from satellite.cli.flags import State


def server(state: State) -> None:
    """Serve the roles that were asked for."""
    settings = state.settings()
    from servers import app

    state.run(lambda bus: app.run(settings, bus.publish), lasting=True)
