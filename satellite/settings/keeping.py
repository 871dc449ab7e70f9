"""Settings of recordings, health, statistics and updates."""

from __future__ import annotations

from typing import Annotated, Literal

from satellite.options import OptionSet, option


class RecordingSettings(OptionSet, frozen=True):
    """Recordings of speech for troubleshooting; off by default."""

    turns: Annotated[bool, option("Record the speech of turns, from before the wake word")] = False
    near_misses: Annotated[
        bool, option("Record sounds similar to a wake word that were rejected")
    ] = False
    folder: Annotated[
        str, option("Folder of the recordings; in the user's data folder by default")
    ] = ""
    count: Annotated[int, option("Number of turns, and of near misses, to store", minimum=1)] = 200
    megabytes: Annotated[int, option("Total size of the recordings", unit="MB", minimum=1)] = 200
    days: Annotated[float, option("Delete recordings older than this", unit="days", minimum=0)] = (
        14.0
    )


class HealthSettings(OptionSet, frozen=True):
    """Health endpoints and limits of resources."""

    port: Annotated[
        int,
        option(
            "TCP port of the satellite's /healthz and /metrics; 0 for none",
            minimum=0,
            maximum=65535,
        ),
    ] = 0
    host: Annotated[str, option("Address to serve them on")] = "127.0.0.1"
    memory: Annotated[
        int,
        option(
            "Memory use at which the program exits to be restarted; 0 is 3/4 of the machine's",
            unit="MB",
            minimum=0,
        ),
    ] = 0
    log: Annotated[
        int,
        option(
            "Average limit of log lines, with bursts of five minutes' worth; 0 is no limit",
            unit="1/min",
            minimum=0,
        ),
    ] = 600


class StatsSettings(OptionSet, frozen=True):
    """Statistics of turns and wake words for `satellite stats`, stored on this machine alone."""

    enabled: Annotated[bool, option("Store outcomes and timings of turns")] = True
    texts: Annotated[bool, option("Store the texts of requests and replies, too")] = False
    days: Annotated[
        int, option("Delete entries older than this", unit="days", minimum=1, maximum=3650)
    ] = 30


class UpdateSettings(OptionSet, frozen=True):
    """Newer versions of this program, by the package index that pip is configured for."""

    check: Annotated[
        Literal["off", "notify", "install"],
        option(
            "Look for a newer version once a day and show it in Home Assistant (notify), or let "
            "Home Assistant install it, too (install)"
        ),
    ] = "off"
