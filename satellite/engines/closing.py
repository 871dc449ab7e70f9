"""The close of an engine, whose failure is logged: it ends no program and leaves no other open."""

from __future__ import annotations

from satellite.lib.containment import Containment
from satellite.ports import Engine


async def close(engine: Engine) -> None:
    """Close an engine, and log what it raises, but let a cancellation of this task pass."""
    await Containment(f"closing {type(engine).__name__}").once(engine.close)
