"""Who may connect, and what they may do."""

from __future__ import annotations

from typing import Annotated

from satellite.options import OptionSet, option


class LimitSettings(OptionSet, frozen=True):
    """What peers may ask of this machine's ports; of times, 0 is no limit."""

    header: Annotated[int, option("Longest line of an event", unit="bytes", minimum=1024)] = 65536
    data: Annotated[int, option("Longest data of an event", unit="bytes", minimum=1024)] = 262144
    payload: Annotated[int, option("Longest payload of an event", unit="bytes", minimum=65536)] = (
        4194304
    )
    depth: Annotated[int, option("Deepest nesting of an event's data", minimum=8)] = 32
    values: Annotated[int, option("Most values in an event's data", minimum=1000)] = 50000
    events: Annotated[
        float, option("Events read from one peer in the long run", unit="1/s", minimum=100)
    ] = 1000.0
    frame: Annotated[
        float, option("From an event's first byte to its last", unit="s", minimum=1)
    ] = 30.0
    write: Annotated[float, option("For a peer to read what it is sent", unit="s", minimum=1)] = (
        60.0
    )
    first: Annotated[float, option("For a new peer's first event", unit="s", minimum=0)] = 10.0
    idle: Annotated[
        float, option("Without an event while nothing is worked on", unit="s", minimum=0)
    ] = 900.0
    total: Annotated[float, option("Longest connection", unit="s", minimum=0)] = 0.0
    per_address: Annotated[int, option("Connections of one address at once", minimum=1)] = 32
    held: Annotated[
        int, option("Sound held for all peers of a port", unit="bytes", minimum=8388608)
    ] = 134217728


class PairingSettings(OptionSet, frozen=True):
    """Whom this machine knows by key; see `satellite pair`."""

    required: Annotated[
        bool,
        option("Server: serve only paired satellites, in TLS; satellite: use only paired servers"),
    ] = False
    folder: Annotated[
        str, option("Folder of our key and the others'; the user's data folder by default")
    ] = ""


class HttpSettings(OptionSet, frozen=True):
    """Where programs and pages may use this satellite."""

    port: Annotated[
        int,
        option("TCP port of the satellite's HTTP; 0 for none", minimum=0, maximum=65535),
    ] = 10780
    host: Annotated[
        str, option("Address of it; another one than this machine's own needs a token")
    ] = "127.0.0.1"
    token_file: Annotated[
        str, option("File with the token to be shown; else SATELLITE_HTTP_TOKEN has it")
    ] = ""
    origins: Annotated[
        tuple[str, ...], option("Web pages that may use it, as https://panel.example:8080")
    ] = ()
