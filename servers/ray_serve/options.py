"""The options of the pool `ray`."""

from __future__ import annotations

from typing import Annotated

from satellite.options import OptionSet, option


class RayOptions(OptionSet, frozen=True):
    """Where the replicas run, and how many."""

    address: Annotated[
        str, option("Address of a cluster, HOST:6379; a cluster of this machine alone by default")
    ] = ""
    replicas: Annotated[int, option("Replicas of each role", minimum=1)] = 1
    most: Annotated[
        int, option("Replicas of each role at most; more than `replicas` scales them", minimum=0)
    ] = 0
    cpus: Annotated[float, option("Processors of each replica", minimum=0)] = 1.0
    gpus: Annotated[float, option("GPUs of each replica", minimum=0)] = 0.0
    wait: Annotated[
        float, option("Seconds to wait until replicas have a place on the cluster", minimum=1)
    ] = 60.0
    roles: Annotated[tuple[str, ...], option("Roles that run there: asr, llm, tts")] = (
        "asr",
        "tts",
    )
