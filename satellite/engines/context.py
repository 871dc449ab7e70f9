"""The settings of models that hold in this process, for engines that need their model.

An engine is made from its component alone, which does not name the folder that all engines share.
"""

from __future__ import annotations

import os

from satellite.config.keys import build
from satellite.config.layers import from_environment
from satellite.settings import ModelSettings

_in_force: ModelSettings | None = None


def use(settings: ModelSettings) -> None:
    """Let these settings hold for every engine loaded from now on."""
    global _in_force
    _in_force = settings


def in_force() -> ModelSettings:
    """The settings that were told to `use`, else those of the environment."""
    if _in_force is not None:
        return _in_force
    given = from_environment(os.environ).values
    return build({path: g.value for path, g in given.items() if path.startswith("models.")}).models
