"""What is kept and told of the satellite's own work."""

from __future__ import annotations

from typing import Annotated

from satellite.options import OptionSet, option


class RecordingSettings(OptionSet, frozen=True):
    """What is kept of what was heard, to find out what goes wrong; nothing by default."""

    turns: Annotated[bool, option("Record what was said in turns, from before the wake word")] = (
        False
    )
    near_misses: Annotated[
        bool, option("Record what was like a wake word, and was not taken for it")
    ] = False
    folder: Annotated[
        str, option("Folder of the recordings; in the user's data folder by default")
    ] = ""
    count: Annotated[int, option("Turns kept, and near misses kept", minimum=1)] = 200
    megabytes: Annotated[int, option("Size of all of them", unit="MB", minimum=1)] = 200
    days: Annotated[float, option("They are deleted after so long", unit="days", minimum=0)] = 14.0


class HealthSettings(OptionSet, frozen=True):
    """Who is told how the program is, and what it may use up."""

    port: Annotated[
        int,
        option(
            "TCP port of the satellite's /healthz and /metrics; 0 for none",
            minimum=0,
            maximum=65535,
        ),
    ] = 0
    host: Annotated[str, option("Address where they are told")] = "127.0.0.1"
    memory: Annotated[
        int,
        option(
            "Memory at which the program ends, to be started again; 0 is 3/4 of the machine's",
            unit="MB",
            minimum=0,
        ),
    ] = 0
    log: Annotated[
        int,
        option(
            "Lines of log in the long run, five minutes' worth at once; 0 is no limit",
            unit="1/min",
            minimum=0,
        ),
    ] = 600


class StatsSettings(OptionSet, frozen=True):
    """What is kept of turns and wake words for `satellite stats`, on this machine alone."""

    enabled: Annotated[bool, option("Keep how turns ended and what took how long")] = True
    texts: Annotated[bool, option("Keep what was said and answered, too")] = False
    days: Annotated[int, option("Keep it this long", unit="days", minimum=1, maximum=3650)] = 30
