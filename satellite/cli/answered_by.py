"""The line that names the engine which has answered a command's request."""

from __future__ import annotations

from satellite.cli.screen import print_text
from satellite.components.spec import AUTO, chain
from satellite.settings import Settings


def print_engine(settings: Settings, role: str, label: str) -> None:
    """Print on standard error which engine has answered, where it was chosen among those of the
    LAN."""
    if settings.zeroconf and AUTO in chain(role, getattr(settings, role)):
        print_text(f"answered by {label}", err=True)
