"""`satellite`: listens until it is stopped."""

from __future__ import annotations

from satellite import app
from satellite.cli.flags import State
from satellite.settings import Settings


def run(state: State) -> None:
    """Run the satellite; returns when a microphone that has an end is done."""
    settings = state.settings(renew=True)

    def read_again() -> Settings:
        return state.configuration().settings

    state.run(lambda bus: app.run(settings, bus, read_again), lasting=True)
