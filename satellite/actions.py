"""What a brain may ask the satellite to do: the actions it knows, typed and checked."""

from __future__ import annotations

from typing import Annotated

import msgspec

from satellite.errors import EngineFailed
from satellite.values import Action, Value


class StartTimer(Value, frozen=True):
    """`timer.start`: ring after `seconds`."""

    seconds: Annotated[float, msgspec.Meta(ge=0, le=366 * 86400)]
    name: str | None = None


class CancelTimer(Value, frozen=True):
    """`timer.cancel`: the timer `id`, or `all` of them."""

    id: str | None = None
    all: bool = False

    def __post_init__(self) -> None:
        if self.id is None and not self.all:
            raise ValueError("neither a timer nor all of them")


class SetVolume(Value, frozen=True):
    """`volume.set`: loudness from now on, 0 to 1."""

    level: Annotated[float, msgspec.Meta(ge=0, le=1)]


class Stop(Value, frozen=True):
    """`stop` and `cancel`: whatever rings falls silent."""


class Mute(Value, frozen=True):
    """`mute`: the microphone is closed, until somebody opens it by other means than voice."""


class Listen(Value, frozen=True):
    """`listen`: an answer is waited for when this reply is over."""


Known = StartTimer | CancelTimer | SetVolume | Stop | Mute | Listen

KINDS: dict[str, type[Known]] = {
    "timer.start": StartTimer,
    "timer.cancel": CancelTimer,
    "volume.set": SetVolume,
    "stop": Stop,
    "cancel": Stop,
    "mute": Mute,
    "listen": Listen,
}
"""The actions' names."""


def read(action: Action) -> Known:
    """Check an action. Raises `EngineFailed` for one that is not known or malformed."""
    if (kind := KINDS.get(action.name)) is None:
        raise EngineFailed(f"the brain asked for {action.name!r}, which nothing here can do")
    try:
        return msgspec.convert(action.data, kind)
    except msgspec.ValidationError as error:
        raise EngineFailed(f"the brain asked for {action.name!r} wrongly: {error}") from error
