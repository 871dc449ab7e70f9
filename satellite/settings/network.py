"""Settings of connections: limits, pairing and HTTP."""

from __future__ import annotations

from typing import Annotated

from satellite.options import OptionSet, option


class LimitSettings(OptionSet, frozen=True):
    """Limits of the peers of this machine's ports; a time of 0 is no limit."""

    header: Annotated[int, option("Longest header of an event", unit="bytes", minimum=1024)] = 65536
    data: Annotated[int, option("Longest data of an event", unit="bytes", minimum=1024)] = 262144
    payload: Annotated[int, option("Longest payload of an event", unit="bytes", minimum=65536)] = (
        4194304
    )
    depth: Annotated[int, option("Deepest nesting in an event's data", minimum=8)] = 32
    values: Annotated[int, option("Most values in an event's data", minimum=1000)] = 50000
    events: Annotated[
        float, option("Average limit of events read from one peer", unit="1/s", minimum=100)
    ] = 1000.0
    frame: Annotated[
        float, option("From the first byte of an event to its last", unit="s", minimum=1)
    ] = 30.0
    write: Annotated[float, option("For a peer to read what is sent", unit="s", minimum=1)] = 60.0
    first: Annotated[
        float, option("Time for the first event of a new peer", unit="s", minimum=0)
    ] = 10.0
    idle: Annotated[
        float, option("Disconnect a peer after this long idle", unit="s", minimum=0)
    ] = 900.0
    total: Annotated[float, option("Longest connection", unit="s", minimum=0)] = 0.0
    per_address: Annotated[int, option("Connections from one address at a time", minimum=1)] = 32
    held: Annotated[
        int, option("Data held for all peers of all ports", unit="bytes", minimum=8388608)
    ] = 134217728


class PairingSettings(OptionSet, frozen=True):
    """Pairing with other machines by keys; see `satellite pair`."""

    required: Annotated[
        bool,
        option(
            "Servers: accept only paired satellites, by TLS; satellites: use only paired servers"
        ),
    ] = False
    folder: Annotated[str, option("Folder of the keys; the user's data folder by default")] = ""


class HttpSettings(OptionSet, frozen=True):
    """The HTTP API for programs and web pages."""

    port: Annotated[
        int,
        option("TCP port of the satellite's HTTP API; 0 for none", minimum=0, maximum=65535),
    ] = 10780
    https_port: Annotated[
        int,
        option(
            "TCP port of HTTPS for browsers that have logged in by `satellite page`; 0 for none",
            minimum=0,
            maximum=65535,
        ),
    ] = 10781
    certificate: Annotated[
        str, option("PEM file of your own certificate for HTTPS; one is made by default")
    ] = ""
    key: Annotated[str, option("PEM file of its private key, if that is not in the same file")] = ""
    host: Annotated[
        str, option("Address of plain HTTP; any but a loopback address requires a token")
    ] = "127.0.0.1"
    token_file: Annotated[
        str, option("File with the token; SATELLITE_HTTP_TOKEN is used otherwise")
    ] = ""
    origins: Annotated[
        tuple[str, ...], option("Web pages that may use it, such as https://panel.example:8080")
    ] = ()
    ingress_port: Annotated[
        int,
        option(
            "TCP port for Home Assistant's ingress, which the add-on sets; 0 for none",
            minimum=0,
            maximum=65535,
        ),
    ] = 0
    ingress_peer: Annotated[
        str, option("Address of the Supervisor, the only one that may connect to that port")
    ] = "172.30.32.2"
