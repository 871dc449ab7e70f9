"""`satellite`: listens until it is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satellite.cli.flags import State

if TYPE_CHECKING:
    from satellite.settings import Settings


def run(state: State) -> None:
    """Run the satellite; returns when a microphone that has an end is done."""
    settings = state.settings(renew=True)
    from satellite import app

    def read_again() -> Settings:
        return state.configuration().settings

    state.run(lambda bus: app.run(settings, bus, read_again), lasting=True)
