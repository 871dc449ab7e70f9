"""The connection by which Home Assistant drives this satellite at the moment."""

from __future__ import annotations

from satellite.homeassistant.driver.link import DriverLink


class CurrentLink:
    """Holds that connection, shared by the peer, which replaces it, and the wake stream."""

    def __init__(self) -> None:
        self._link: DriverLink | None = None

    @property
    def connected(self) -> DriverLink | None:
        """The connection, also while Home Assistant has paused this satellite."""
        return self._link

    @property
    def driving(self) -> DriverLink | None:
        """The connection, if Home Assistant takes turns on it now."""
        return self._link if self._link is not None and self._link.drives else None

    def replace(self, link: DriverLink) -> DriverLink | None:
        """Make a connection the current one; return the one that it replaces."""
        former, self._link = self._link, link
        return former if former is not link else None

    def clear(self, link: DriverLink) -> bool:
        """Forget a connection that has ended; return whether it was the current one."""
        if self._link is not link:
            return False
        self._link = None
        return True
