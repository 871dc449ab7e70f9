"""The HTTP routes to look after a machine: settings, models, servers, findings, log, recordings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from satellite.cli.flags import Invocation
from satellite.diagnostics.log.latest_messages import LatestMessages
from satellite.net.memory_budget import MemoryBudget
from satellite.settings import Settings

if TYPE_CHECKING:
    from satellite.http.api.settings import Reload
    from satellite.http.lazy_routes import MachineRoutes
    from satellite.http.route import Route


def machine_routes(
    invocation: Invocation, settings: Settings, log: LatestMessages, *, satellite: bool = True
) -> MachineRoutes:
    """Return what makes them, once a client has come, and those of a `satellite` alone."""

    def make(memory: MemoryBudget, reload: Reload | None) -> Sequence[Route]:
        # imported here: see `satellite.http.server`
        from satellite.cli.doctor import examined_machine
        from satellite.cli.found_servers import servers_route
        from satellite.diagnostics.doctor.routes import doctor_route
        from satellite.diagnostics.log.routes import log_route
        from satellite.diagnostics.recordings.routes import recording_routes
        from satellite.diagnostics.stats.routes import stats_routes
        from satellite.http.api.settings import setting_routes
        from servers.api.stored_models import stored_model_routes

        return [
            servers_route(settings),
            doctor_route(partial(examined_machine, invocation)),
            log_route(log),
            *(recording_routes(settings.recordings) if satellite else ()),
            *(stats_routes(settings.name) if satellite else ()),
            *setting_routes(invocation.settings_file(), memory, reload),
            *stored_model_routes(settings.models, memory),
        ]

    return make
