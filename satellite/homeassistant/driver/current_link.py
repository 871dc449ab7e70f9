"""The connection by which Home Assistant drives this satellite at the moment."""

from __future__ import annotations

from satellite.homeassistant.driver.link import DriverLink

MOST = 8
"""Connections that may wait for the end of the present one."""


class CurrentLink:
    """Holds that connection, shared by the peer, which replaces it, and the wake stream.

    Any allowed peer can ask to drive: the present one stays until it is gone, and the others wait.
    """

    def __init__(self) -> None:
        self._link: DriverLink | None = None
        self._waiting: list[DriverLink] = []

    @property
    def connected(self) -> DriverLink | None:
        """The connection, also while Home Assistant has paused this satellite."""
        return self._link

    @property
    def driving(self) -> DriverLink | None:
        """The connection, if Home Assistant takes turns on it now."""
        return self._link if self._link is not None and self._link.drives else None

    def request(self, link: DriverLink) -> DriverLink | None:
        """Make a connection the current one, unless another one is: then it waits for its end.

        Return the connection that it waits for.
        """
        if self._link is not None and self._link is not link and not self._link.ended:
            if link not in self._waiting:
                self._waiting = [*self._waiting, link][-MOST:]
            return self._link
        self.replace(link)
        return None

    def replace(self, link: DriverLink) -> None:
        """Make a connection the current one, whatever the present one does."""
        self._link = link
        self.withdraw(link)

    def withdraw(self, link: DriverLink) -> None:
        """Let a connection wait no longer."""
        self._waiting = [other for other in self._waiting if other is not link]

    def clear(self, link: DriverLink) -> DriverLink | None:
        """Forget a connection that has ended; return the one that takes over, if any does."""
        self.withdraw(link)
        if self._link is not link:
            return None
        self._link = None
        # Home Assistant, coming back, follows its own former connection
        waiting = [other for other in self._waiting if not other.ended]
        same = [other for other in waiting if other.address == link.address]
        successor = next(iter(same or waiting), None)
        if successor is not None:
            self.request(successor)
        return successor
