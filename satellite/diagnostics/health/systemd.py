"""Notifications to systemd: ready, status, alive, stopping (sd_notify(3))."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping

from satellite.lib.platform.sockets import send_to_unix

_LOGGER = logging.getLogger(__name__)


class Notifier:
    """Notifies the service manager that started this process; does nothing without one.

    A message is one datagram, sent without waiting: the audio loop is never delayed.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        # a socket that begins with @ is an abstract one, unix(7)
        self._address = "\0" + path[1:] if path.startswith("@") else path
        self._last_status = ""
        self._failed = False
        self.watchdog = _watchdog(environment) if path else 0.0
        """Seconds within which the service must report that it is alive; 0 without a watchdog."""

    @property
    def listens(self) -> bool:
        """Whether a service manager listens."""
        return bool(self._address)

    def ready(self) -> None:
        """Report that the service has started."""
        self._send("READY=1")

    def alive(self) -> None:
        """Report that the service is working."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Report that the service is stopping."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """Set the line that `systemctl status` shows; repetitions are not sent."""
        if text != self._last_status:
            self._last_status = text
            self._send(f"STATUS={text}")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            send_to_unix(self._address, message.encode())
            self._failed = False
        except OSError as error:
            level = logging.DEBUG if self._failed else logging.WARNING
            _LOGGER.log(level, "cannot notify the service manager (%s): %s", message, error)
            self._failed = True


def _watchdog(environment: Mapping[str, str]) -> float:
    """Return the seconds of the watchdog if it is for this process, as sd_watchdog_enabled(3)."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    microseconds = environment.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if microseconds.isdecimal() else 0.0
