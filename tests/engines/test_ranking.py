"""Which server comes first, for which reason, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from satellite.engines.ranking import RankedServer, Standing, rank
from satellite.net.discovery.preferences import Preferences
from satellite.net.discovery.remote_service import RemoteService


def server(name: str, **more: Any) -> RemoteService:
    facts: dict[str, Any] = {"roles": ("asr",), "languages": ("en",), **more}
    return RemoteService(name=f"{name} asr", uri=f"tcp://{name}:10300", **facts)


def names(places: tuple[RankedServer, ...]) -> list[str]:
    return [place.server.name.partition(" ")[0] for place in places if place.unfit is None]


def ranked(*servers: RemoteService, **more: Any) -> tuple[RankedServer, ...]:
    """The ranking, which is the same in whatever order the servers were found."""
    found = rank("asr", servers, **more)
    assert found == rank("asr", reversed(servers), **more)
    return found


@pytest.mark.parametrize(
    "wish", ["attic", "ATTIC ASR", "tcp://attic:10300"], ids=["machine", "name", "address"]
)
def test_what_the_user_pins_comes_first_and_what_he_excludes_never(wish: str) -> None:
    servers = [server("attic", load=0.9), server("cellar"), server("shed")]
    places = ranked(*servers, preferences=Preferences(pin=(wish,), exclude=("shed",)))
    assert names(places) == ["attic", "cellar"]
    assert places[0].before(places[1]) == "is pinned (1), cellar asr is not pinned"
    assert places[2].unfit == "excluded by servers.exclude"


def test_pinned_servers_keep_the_users_order() -> None:
    servers = [server("a"), server("b"), server("c")]
    assert names(ranked(*servers, preferences=Preferences(pin=("c", "a", "b")))) == ["c", "a", "b"]


def test_a_machine_in_doubt_comes_last_whatever_is_pinned() -> None:
    servers = [server("a", suspect=True), server("b")]
    assert names(ranked(*servers, preferences=Preferences(pin=("a",)))) == ["b", "a"]


def test_the_preferred_model_counts_before_the_language() -> None:
    servers = [
        server("small", models=("tiny.en",)),
        server("vague", languages=()),
        server("large", models=("large-v3",), load=0.75),
        server("german", languages=("de",)),
    ]
    places = ranked(
        *servers, preferences=Preferences(models=("medium", "Large-V3")), language="en-US"
    )
    assert names(places) == ["large", "small", "vague"]
    assert places[0].before(places[1]) == "has Large-V3, small asr has no preferred model"
    assert places[1].before(places[2]) == "knows en-US, vague asr names no language"
    assert places[3].unfit == "knows de and not en-US"


def test_an_engine_can_be_preferred_too() -> None:
    servers = [server("a"), server("b", engines=("faster-whisper",))]
    assert names(ranked(*servers, preferences=Preferences(models=("faster-whisper",)))) == [
        "b",
        "a",
    ]


def test_a_quicker_server_is_preferred_and_one_that_is_alike_is_not() -> None:
    servers = [server("slow"), server("quick"), server("new")]
    standings = {
        "tcp://slow:10300": Standing(latency=3.0, last=True),
        "tcp://quick:10300": Standing(latency=0.4),
    }
    places = ranked(*servers, standings=standings)
    assert names(places)[-1] == "slow", "one that was never asked is tried before a slow one"
    assert "answers in 3000 ms" in places[1].before(places[2])
    alike = {
        "tcp://slow:10300": Standing(latency=0.9, last=True),
        "tcp://quick:10300": Standing(latency=0.5),
    }
    firsts = {names(ranked(*servers[:2], standings=alike, salt=str(n)))[0] for n in range(20)}
    assert firsts == {"slow", "quick"}, "what remains is the lot"


def test_a_loaded_server_is_avoided_and_one_that_is_used_is_left_only_when_full() -> None:
    servers = [server("a", load=0.75), server("b", load=0.25), server("full", load=1.0)]
    assert names(ranked(*servers)) == ["b", "a", "full"]
    used = {"tcp://a:10300": Standing(last=True)}
    assert names(ranked(*servers, standings=used))[0] == "a"
    full = {"tcp://full:10300": Standing(last=True)}
    assert names(ranked(*servers, standings=full))[-1] == "full"


def test_many_satellites_share_equal_servers() -> None:
    servers = [server(name) for name in "abcd"]
    firsts = [names(rank("asr", servers, salt=f"satellite {n}"))[0] for n in range(400)]
    counts = [firsts.count(name) for name in "abcd"]
    assert min(counts) > 60, counts
    assert names(rank("asr", servers, salt="x")) == names(rank("asr", servers, salt="x"))


def test_an_excluded_server_is_listed_with_the_reason() -> None:
    standings = {"tcp://a:10300": Standing(aside="set aside for 3 s: timeout")}
    places = ranked(server("a"), server("b"), standings=standings)
    assert names(places) == ["b"]
    assert [place.unfit for place in places] == [None, "set aside for 3 s: timeout"]


def test_servers_of_other_roles_are_left_out() -> None:
    assert rank("llm", [server("a"), server("b")]) == ()
