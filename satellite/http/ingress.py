"""The port of Home Assistant's ingress, at which its Supervisor is the only client.

Home Assistant OS shows the page of an add-on in its own window: the browser asks Home Assistant,
which has logged the user in, that asks its Supervisor, and the Supervisor asks the add-on, from an
address that no other machine can answer at. The port is closed unless it is set.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from satellite.errors import ConfigError
from satellite.http.connections import HttpServer, listening_socket
from satellite.net.allowed import AllowedNetworks
from satellite.settings import HttpSettings
from satellite.text.quoted import quoted
from satellite.text.reason_of import reason_of

if TYPE_CHECKING:
    from aiohttp.web import AppRunner

_LOGGER = logging.getLogger(__name__)

KEY = "http.ingress_port"
_ANY_PORT = 9
"""A port of the peer, to which nothing is sent."""


def ingress_server(settings: HttpSettings, runner: Callable[[], AppRunner]) -> HttpServer:
    """Listen for the Supervisor, at the address of this machine by which that is reached.

    `runner` is as `HttpServer` takes it. Raises `ConfigError` for a peer that is no single address
    or cannot be reached, and `PortInUse`.
    """
    peer, port = settings.ingress_peer, settings.ingress_port
    try:
        address = ipaddress.ip_address(peer)
    except ValueError as error:
        problem = f"http.ingress_peer: {quoted(peer)} is not the address of one machine"
        raise ConfigError([problem]) from error
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as towards:
            towards.connect((peer, _ANY_PORT))  # of a datagram socket: it sends nothing
            here = towards.getsockname()[0]
    except OSError as error:
        problem = (
            f"http.ingress_peer: {peer} cannot be reached from here: {reason_of(error)}; set "
            f"{KEY} = 0 where there is no Supervisor of Home Assistant"
        )
        raise ConfigError([problem]) from error
    listener = listening_socket(here, port, KEY)
    _LOGGER.info("HTTP: Home Assistant's ingress (%s) can use port %d at %s", peer, port, here)
    return HttpServer(
        [listener],
        runner,
        allowed=AllowedNetworks((peer,)),
        allowed_by=f"{KEY} is for {peer} alone (http.ingress_peer)",
    )
