"""What makes the routes of the page once a client has come: their module imports aiohttp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from satellite.http.page.house import House

if TYPE_CHECKING:
    from satellite.http.route import Route


def make_page_routes(house: House) -> Sequence[Route]:
    """Return the routes of the page."""
    from satellite.http.page.routes import page_routes  # see `satellite.http.server`

    return page_routes(house)
