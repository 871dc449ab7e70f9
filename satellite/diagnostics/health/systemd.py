"""What systemd is told of the service: ready, what it does, alive, stopping (sd_notify(3))."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

_LOGGER = logging.getLogger(__name__)


class Notifier:
    """Speaks to the service manager that started this process; to nobody where none did.

    A message is one datagram that is sent without waiting: the audio loop is never held up.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        # a socket that begins with @ is an abstract one, unix(7)
        self._address = "\0" + path[1:] if path.startswith("@") else path
        self._said = ""
        self._failed = False
        self.watchdog = _watchdog(environment) if path else 0.0
        """Seconds within which a service that is watched must say that it is alive; else 0."""

    @property
    def listens(self) -> bool:
        """Whether there is a service manager."""
        return bool(self._address)

    def ready(self) -> None:
        """The service does from now on what it is there for."""
        self._send("READY=1")

    def alive(self) -> None:
        """The service did something of what it is there for."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """The service was told to stop, and does."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`; the same again is not sent."""
        if text != self._said:
            self._said = text
            self._send(f"STATUS={text}")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.setblocking(False)
                out.sendto(message.encode(), self._address)
            self._failed = False
        except OSError as error:
            level = logging.DEBUG if self._failed else logging.WARNING
            _LOGGER.log(level, "the service manager was not reached (%s): %s", message, error)
            self._failed = True


def _watchdog(environment: Mapping[str, str]) -> float:
    """As sd_watchdog_enabled(3): what is meant for another process does not count."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    given = environment.get("WATCHDOG_USEC", "")
    return int(given) / 1e6 if given.isdecimal() else 0.0
