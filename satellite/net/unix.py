"""A Unix socket to listen on, which does away with what crashed servers left behind."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress

from satellite.errors import ConfigError, PortInUse


@contextmanager
def unix_socket(path: str) -> Generator[socket.socket, None, None]:
    """Bind a socket at `path`, and remove the file at the end of the block.

    Raises `PortInUse` when a program listens there or the path is a file of another kind,
    `ConfigError` when there can be no socket.
    """
    _make_way(path)
    listener = socket.socket(socket.AF_UNIX)
    try:
        try:
            listener.bind(path)
        except OSError as error:
            reason = error.strerror or str(error)
            raise ConfigError([f"cannot listen on unix://{path}: {reason}"]) from error
        listener.setblocking(False)
        ours = _identity(path)
        try:
            yield listener
        finally:
            with suppress(FileNotFoundError):
                if _identity(path) == ours:
                    os.unlink(path)
    finally:
        listener.close()


def _make_way(path: str) -> None:
    """Remove a socket on which nobody listens."""
    try:
        kind = os.stat(path).st_mode
    except OSError:
        return  # nothing there; what else may be wrong, `bind` will say
    if not stat.S_ISSOCK(kind):
        raise PortInUse(f"{path} exists and is not a socket: choose another path, or remove it")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
        except OSError:
            pass  # it is there, and does not answer at once
    raise PortInUse(f"unix://{path} is taken: stop the program that listens there")


def _identity(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino
