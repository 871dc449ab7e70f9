"""`satellite`: listens until it is stopped."""

from __future__ import annotations

from satellite.cli import runner
from satellite.cli.flags import State


def run(state: State) -> None:
    """Run the satellite; returns when a microphone that has an end is done."""
    state.start_logging()
    settings = state.configuration().settings
    from satellite import app

    runner.run(lambda bus: app.run(settings, bus), events=state.events, lasting=True)
