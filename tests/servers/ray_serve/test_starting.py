"""Replicas that start: they run, have no place, load for long, or are given up by Ray Serve."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest

from satellite.errors import EngineDown
from servers.ray_serve.options import RayOptions
from servers.ray_serve.starting import LOADED, Progress, Room, Starting
from tests.support import virtual_time

TWO = RayOptions(replicas=2, cpus=4, gpus=0.5, wait=20)
ROOMS = {"CPU": Room(total=6, free=2, most=4), "GPU": Room(total=0, free=0, most=0)}


def seconds(look: Callable[[float], Progress], options: RayOptions = TWO) -> float:
    """Wait for replicas whose progress depends on the seconds that passed; return those."""

    async def wait() -> float:
        loop = asyncio.get_running_loop()

        async def asked() -> Progress:
            return look(loop.time())

        async def rooms() -> Mapping[str, Room]:
            return ROOMS

        await Starting("tts", options, asked, rooms).wait()
        return loop.time()

    return virtual_time.run(wait())


def test_a_model_may_load_for_longer_than_a_place_is_waited_for() -> None:
    def look(waited: float) -> Progress:
        return Progress("RUNNING" if waited > 300 else "DEPLOYING", "", 2, 0)

    assert 300 < seconds(look) < 301


def test_no_place_is_an_error_that_says_what_the_cluster_has() -> None:
    with pytest.raises(EngineDown) as raised:
        seconds(lambda waited: Progress("DEPLOYING", "", 0, 0))
    assert str(raised.value) == (
        "Ray found no place for a replica of tts within 20 s: each needs 4 CPUs, of which the "
        "cluster has 6 (4 at most on one machine), 2 free and 0.5 GPUs, of which the cluster has "
        "none; in server.pool, lower replicas, cpus or gpus, or raise wait where machines are "
        "added on demand"
    )


def test_where_only_some_have_a_place_those_are_used(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def look(waited: float) -> Progress:
        return Progress("DEPLOYING", "", 1, int(waited > 40))

    assert 40 < seconds(look) < 41
    (warning,) = caplog.messages
    assert warning.startswith("Ray found no place for 1 of 2 replicas of tts within 20 s: ")


@pytest.mark.parametrize(
    ("progress", "error"),
    [
        (Progress("DEPLOY_FAILED", "died three times", 2, 0), "of tts: died three times"),
        (Progress("", "", 0, 0), "of tts: the application was removed"),
        (Progress("DEPLOYING", "", 2, 0), f"loaded its engine in {LOADED:g} s"),
    ],
)
def test_an_end_without_replicas_says_why(progress: Progress, error: str) -> None:
    with pytest.raises(EngineDown, match=error):
        seconds(lambda waited: progress)
