"""The home as tools for language models: only what is exposed to voice assistants.

Where this process is connected with the home, a model is told what came of its call, and how things
are. Where only the satellite is, things can be switched, by an action that travels back to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from satellite.errors import EngineFailed
from satellite.homeassistant.client.entity_kinds import Deed
from satellite.homeassistant.client.home import here
from satellite.homeassistant.client.service_calls import HomeCommand, action
from satellite.options import OptionSet, option
from satellite.tools import Tool
from satellite.values import ReplyPart, ReplyRequest

_BLIND = (
    "this server cannot see the home: set home.url and home.token_file where the language model "
    "runs"
)


class EntityArguments(OptionSet, frozen=True):
    """What is meant."""

    name: Annotated[
        str, option("The thing as it is called, or lights, fans, blinds; empty for all of a room")
    ] = ""
    area: Annotated[str, option("The room")] = ""


class Switch(EntityArguments, frozen=True, kw_only=True):
    """What shall be done with it."""

    action: Annotated[
        Literal["turn_on", "turn_off", "toggle", "open", "close", "lock", "unlock", "run"],
        option("What to do; run is for scripts, scenes and buttons"),
    ] = "turn_on"


class Level(EntityArguments, frozen=True, kw_only=True):
    """How much."""

    percent: Annotated[
        int,
        option(
            "Brightness of a light, volume of a player, position of a blind, speed of a fan",
            unit="percent",
            minimum=0,
            maximum=100,
        ),
    ]


class Warmth(EntityArguments, frozen=True, kw_only=True):
    """How warm."""

    degrees: Annotated[float, option("As the home counts them", minimum=-30, maximum=110)]


async def switch(arguments: Switch, request: ReplyRequest) -> Sequence[ReplyPart]:
    return await _do(arguments.action, arguments, request)


async def set_level(arguments: Level, request: ReplyRequest) -> Sequence[ReplyPart]:
    return await _do("level", arguments, request, arguments.percent)


async def set_temperature(arguments: Warmth, request: ReplyRequest) -> Sequence[ReplyPart]:
    return await _do("temperature", arguments, request, arguments.degrees)


async def get_state(arguments: EntityArguments, request: ReplyRequest) -> Sequence[ReplyPart]:
    if (home := here()) is None:
        raise EngineFailed(_BLIND)
    near = request.situation.area
    return (await home.describe(arguments.name or None, arguments.area or None, near),)


async def _do(
    deed: Deed, thing: EntityArguments, request: ReplyRequest, value: float | None = None
) -> Sequence[ReplyPart]:
    if not (thing.name or thing.area):
        raise EngineFailed("give the name of a thing, or a room")
    target = f"{thing.name or 'everything'} in the {thing.area}" if thing.area else thing.name
    wish = HomeCommand(
        deed=deed, value=value, name=thing.name or None, area=thing.area or None, target=target
    )
    if (home := here()) is not None:
        return (await home.carry_out(wish, request.situation.area),)
    # its result is told to the person, and not to the model
    return "The satellite does it and says what came of it.", action(wish)


TOOLS = (
    Tool(
        name="switch_home",
        doc="Turn on or off, toggle, open, close, lock or run something in the home.",
        run=switch,
        arguments=Switch,
        home=True,
    ),
    Tool(
        name="set_home_level",
        doc="Set a brightness, volume, position or speed of something in the home.",
        run=set_level,
        arguments=Level,
        home=True,
    ),
    Tool(
        name="set_home_temperature",
        doc="Set a thermostat in the home.",
        run=set_temperature,
        arguments=Warmth,
        home=True,
    ),
    Tool(
        name="get_home_state",
        doc="Tell how things in the home are: one thing, a room, or all of them.",
        run=get_state,
        arguments=EntityArguments,
        home=True,
    ),
)
