"""Which server is asked first, and why."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from satellite.net.discovery.preferences import Preferences
from satellite.net.discovery.remote_service import RemoteService

QUICK = {"asr": 0.5, "llm": 1.0, "tts": 0.3, "wake": 0.1}
"""Seconds to a first answer with which nobody looks for a quicker server: latencies below are
alike, and above within a factor of two. A server that was not measured yet counts as one of these,
so that it is tried where the present one is slower."""
FULL = 1.0
"""Load from which every place of a server is taken."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What a satellite's own calls have shown of a server."""

    latency: float | None = None
    """Moving average of the seconds to a first answer; None before the first."""
    aside: str | None = None
    """Why it is not asked now."""
    last: bool = False
    """It was asked last, and has something to stay for: a language model knows the conversation."""


class Reason(msgspec.Struct, frozen=True):
    """One thing that counts; a lower `key` is better."""

    key: float
    text: str


class RankedServer(msgspec.Struct, frozen=True):
    """A server's place in a ranking."""

    server: RemoteService
    reasons: tuple[Reason, ...]
    """What counts, the weightiest first, and last the lot."""
    unfit: str | None = None
    """Why it is not asked at all."""

    @property
    def order(self) -> tuple[Any, ...]:
        """What rankings are sorted by."""
        return (self.unfit is not None, *(reason.key for reason in self.reasons))

    def before(self, other: RankedServer) -> str:
        """Why it comes before another one that is asked after it."""
        for mine, theirs in zip(self.reasons[:-1], other.reasons[:-1], strict=True):
            if mine.key != theirs.key:
                return f"{mine.text}, {other.server.name} {theirs.text}"
        return f"is as good as {other.server.name}: each satellite draws lots"


def rank(
    role: str,
    servers: Iterable[RemoteService],
    *,
    wishes: Preferences | None = None,
    language: str | None = None,
    standings: Mapping[str, Standing] | None = None,
    salt: str = "",
) -> tuple[RankedServer, ...]:
    """The servers of a role, best first; at the end those that are not asked.

    After whether a machine is in doubt, what the user pinned counts most, then the models wished
    for, the language, free places, the latency that was measured, and the load that is advertised.
    Which of two equals comes first depends on `salt`: so do several satellites share servers.
    """
    wishes, standings = wishes or Preferences(), standings or {}
    places = []
    for server in servers:
        if role in server.roles:
            standing = standings.get(server.uri) or Standing()
            reasons = tuple(_reasons(role, server, wishes, language, standing, salt))
            places.append(RankedServer(server, reasons, _unfit(server, wishes, language, standing)))
    return tuple(sorted(places, key=lambda place: place.order))


def _unfit(
    server: RemoteService, wishes: Preferences, language: str | None, standing: Standing
) -> str | None:
    if wishes.excludes(server):
        return "excluded by servers.exclude"
    if not server.speaks(language):
        return f"knows {', '.join(server.languages[:3])} and not {language}"
    return standing.aside


def _reasons(
    role: str,
    server: RemoteService,
    wishes: Preferences,
    language: str | None,
    standing: Standing,
    salt: str,
) -> Iterable[Reason]:
    yield Reason(server.suspect, "is in doubt" if server.suspect else "is well")
    pinned = wishes.pinned(server)
    first = pinned < len(wishes.pin)
    yield Reason(pinned, f"is pinned ({pinned + 1})" if first else "is not pinned")
    model = wishes.model(server)
    place = len(wishes.models) if model is None else wishes.models.index(model)
    yield Reason(place, f"has {model}" if model else "has no model wished for")
    vague = bool(language) and not server.languages
    yield Reason(vague, "names no language" if vague else f"knows {language or 'its language'}")
    load = server.load or 0.0
    yield Reason(load >= FULL, "has no place free" if load >= FULL else "has a place free")
    yield _speed(role, server, standing)
    # who was asked last is left only when it is full: else all would follow the least loaded one
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
    # a new measurement shall not move a satellite to and fro between two that are alike
    seconds = seconds / 2 if standing.last else seconds
    return Reason(math.ceil(math.log2(seconds / quick)) if seconds > quick else 0, text)
