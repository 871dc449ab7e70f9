"""The HTTP routes that satellites and servers share: the settings' file, and the models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from satellite.cli.flags import Invocation
from satellite.net.memory_budget import MemoryBudget
from satellite.settings import Settings

if TYPE_CHECKING:
    from satellite.http.api.settings import Reload
    from satellite.http.lazy_routes import MachineRoutes
    from satellite.http.route import Route


def machine_routes(invocation: Invocation, settings: Settings) -> MachineRoutes:
    """Return what makes them, once a client has come."""

    def make(memory: MemoryBudget, reload: Reload | None) -> Sequence[Route]:
        from satellite.http.api.settings import setting_routes  # see `satellite.http.server`
        from servers.api.stored_models import stored_model_routes

        return [
            *setting_routes(invocation.settings_file(), memory, reload),
            *stored_model_routes(settings.models, memory),
        ]

    return make
