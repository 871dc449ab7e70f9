"""The order in which servers are asked, with the reasons."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from satellite.net.discovery.preferences import Preferences
from satellite.net.discovery.remote_service import RemoteService

QUICK = {"asr": 0.5, "llm": 1.0, "tts": 0.3, "wake": 0.1}
"""Seconds to a first answer that are quick enough: latencies below are equal, and above it those
within a factor of two. A server without a measurement counts as quick, so that it is tried if the
present one is slower."""
FULL = 1.0
"""Load at which a server has no free place."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The results of this satellite's own calls to a server."""

    latency: float | None = None
    """Moving average of the seconds to a first answer; None before the first."""
    aside: str | None = None
    """The reason for which it is not asked now."""
    last: bool = False
    """Whether it was asked last: a language model then knows the conversation."""


class Reason(msgspec.Struct, frozen=True):
    """One criterion; a lower `key` is better."""

    key: float
    text: str


class RankedServer(msgspec.Struct, frozen=True):
    """A server in a ranking."""

    server: RemoteService
    reasons: tuple[Reason, ...]
    """The criteria by weight; the last one is a random draw."""
    unfit: str | None = None
    """The reason for which it is never asked."""

    @property
    def order(self) -> tuple[Any, ...]:
        """The sort key of rankings."""
        return (self.unfit is not None, *(reason.key for reason in self.reasons))

    def before(self, other: RankedServer) -> str:
        """Return the reason for which it precedes another server."""
        for mine, theirs in zip(self.reasons[:-1], other.reasons[:-1], strict=True):
            if mine.key != theirs.key:
                return f"{mine.text}, {other.server.name} {theirs.text}"
        return f"is as good as {other.server.name}: each satellite draws lots"


def rank(
    role: str,
    servers: Iterable[RemoteService],
    *,
    preferences: Preferences | None = None,
    language: str | None = None,
    standings: Mapping[str, Standing] | None = None,
    salt: str = "",
) -> tuple[RankedServer, ...]:
    """Return the servers of a role, best first; those that are not asked come last.

    The criteria are, by weight: suspicion of the machine, pins of the user, preferred models, the
    language, free places, the measured latency, and the advertised load. The order of equal servers
    depends on `salt`, so that satellites distribute themselves over servers.
    """
    preferences, standings = preferences or Preferences(), standings or {}
    places = []
    for server in servers:
        if role in server.roles:
            standing = standings.get(server.uri) or Standing()
            reasons = tuple(_reasons(role, server, preferences, language, standing, salt))
            places.append(
                RankedServer(server, reasons, _unfit(server, preferences, language, standing))
            )
    return tuple(sorted(places, key=lambda place: place.order))


def _unfit(
    server: RemoteService, preferences: Preferences, language: str | None, standing: Standing
) -> str | None:
    if preferences.excludes(server):
        return "excluded by servers.exclude"
    if not server.speaks(language):
        return f"knows {', '.join(server.languages[:3])} and not {language}"
    return standing.aside


def _reasons(
    role: str,
    server: RemoteService,
    preferences: Preferences,
    language: str | None,
    standing: Standing,
    salt: str,
) -> Iterable[Reason]:
    yield Reason(server.suspect, "is in doubt" if server.suspect else "is well")
    pinned = preferences.pinned(server)
    first = pinned < len(preferences.pin)
    yield Reason(pinned, f"is pinned ({pinned + 1})" if first else "is not pinned")
    model = preferences.model(server)
    place = len(preferences.models) if model is None else preferences.models.index(model)
    yield Reason(place, f"has {model}" if model else "has no preferred model")
    vague = bool(language) and not server.languages
    yield Reason(vague, "names no language" if vague else f"knows {language or 'its language'}")
    load = server.load or 0.0
    yield Reason(load >= FULL, "has no place free" if load >= FULL else "has a place free")
    yield _speed(role, server, standing)
    # the server asked last is left only when full, or all would follow the least loaded one
    quarter = 0 if standing.last else round(load * 4)
    yield Reason(quarter, f"has a load of {load:.0%}")
    draw = hashlib.blake2b(f"{salt} {server.uri}".encode(), digest_size=4).digest()
    yield Reason(int.from_bytes(draw), "has drawn its lot")


def _speed(role: str, server: RemoteService, standing: Standing) -> Reason:
    quick = QUICK[role]
    if standing.latency is None:
        seconds = server.latency
        text = f"has not been timed (describes itself in {seconds * 1000:.0f} ms)"
    else:
        seconds = standing.latency
        text = f"answers in {seconds * 1000:.0f} ms"
    # a new measurement must not move a satellite back and forth between two similar servers
    seconds = seconds / 2 if standing.last else seconds
    return Reason(math.ceil(math.log2(seconds / quick)) if seconds > quick else 0, text)
