"""`satellite`: listens until it is stopped."""

from __future__ import annotations

from satellite.cli.flags import State


def run(state: State) -> None:
    """Run the satellite; returns when a microphone that has an end is done."""
    settings = state.settings(renew=True)
    from satellite import app

    state.run(lambda bus: app.run(settings, bus), lasting=True)
