"""A listening Unix socket that replaces the stale file of a crashed server."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress

from satellite.errors import ConfigError, PortInUse
from satellite.lib.platform.sockets import unix_stream
from satellite.text.reason_of import reason_of


@contextmanager
def unix_socket(path: str) -> Generator[socket.socket, None, None]:
    """Bind a socket at `path`, and remove its file at the end of the block.

    Raises:
        PortInUse: a program listens there, or the path is a file of another kind.
        ConfigError: no socket can be created there.
    """
    _remove_stale(path)
    listener = unix_stream()
    try:
        try:
            listener.bind(path)
        except OSError as error:
            reason = reason_of(error)
            raise ConfigError([f"cannot listen on unix://{path}: {reason}"]) from error
        listener.setblocking(False)
        own = _identity(path)
        try:
            yield listener
        finally:
            with suppress(FileNotFoundError):
                if _identity(path) == own:
                    os.unlink(path)
    finally:
        listener.close()


def _remove_stale(path: str) -> None:
    """Remove a socket on which no program listens."""
    try:
        kind = os.stat(path).st_mode
    except OSError:
        return  # missing; `bind` reports any other problem
    if not stat.S_ISSOCK(kind):
        raise PortInUse(f"{path} exists and is not a socket: choose another path, or remove it")
    with unix_stream() as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
        except OSError:
            pass  # a program listens, and does not accept at once
    raise PortInUse(f"unix://{path} is taken: stop the program that listens there")


def _identity(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino
