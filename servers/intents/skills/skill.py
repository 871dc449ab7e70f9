"""The shape of a skill."""

from __future__ import annotations

from collections.abc import Callable

from satellite.values import ReplyPart, ReplyRequest
from servers.intents.match import Match
from servers.intents.phrases import Phrases

Parts = tuple[ReplyPart, ...]
Skill = Callable[[Match, ReplyRequest, Phrases], Parts]
