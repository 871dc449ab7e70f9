"""Tools of language models for the home: entities exposed to voice assistants.

A process with its own connection to Home Assistant returns results and states to the model.
Otherwise the tools return an action, which the satellite executes; states are unavailable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from satellite.errors import EngineFailed
from satellite.homeassistant.client.entity_kinds import Operation
from satellite.homeassistant.client.service_calls import HomeCommand, action
from satellite.options import OptionSet, option
from satellite.ports import EngineContext
from satellite.tools import Tool
from satellite.values import ReplyPart, ReplyRequest

_NO_HOME = (
    "this server cannot see the home: set home.url and home.token_file where the language model "
    "runs"
)


class EntityArguments(OptionSet, frozen=True):
    """Which entities."""

    name: Annotated[
        str, option("Name of the device, or lights, fans, blinds; empty for everything in a room")
    ] = ""
    area: Annotated[str, option("The room")] = ""


class SwitchArguments(EntityArguments, frozen=True, kw_only=True):
    """An action without a value."""

    action: Annotated[
        Literal["turn_on", "turn_off", "toggle", "open", "close", "lock", "unlock", "run"],
        option("What to do; run is for scripts, scenes and buttons"),
    ] = "turn_on"


class LevelArguments(EntityArguments, frozen=True, kw_only=True):
    """A level."""

    percent: Annotated[
        int,
        option(
            "Brightness of a light, volume of a player, position of a blind, speed of a fan",
            unit="percent",
            minimum=0,
            maximum=100,
        ),
    ]


class TemperatureArguments(EntityArguments, frozen=True, kw_only=True):
    """A temperature."""

    degrees: Annotated[float, option("In the unit of the home", minimum=-30, maximum=110)]


async def switch(
    arguments: SwitchArguments, request: ReplyRequest, context: EngineContext
) -> Sequence[ReplyPart]:
    return await _do(arguments.action, arguments, request, context)


async def set_level(
    arguments: LevelArguments, request: ReplyRequest, context: EngineContext
) -> Sequence[ReplyPart]:
    return await _do("level", arguments, request, context, arguments.percent)


async def set_temperature(
    arguments: TemperatureArguments, request: ReplyRequest, context: EngineContext
) -> Sequence[ReplyPart]:
    return await _do("temperature", arguments, request, context, arguments.degrees)


async def get_state(
    arguments: EntityArguments, request: ReplyRequest, context: EngineContext
) -> Sequence[ReplyPart]:
    if (home := context.home) is None:
        raise EngineFailed(_NO_HOME)
    near = request.situation.area
    return (await home.describe(arguments.name or None, arguments.area or None, near),)


async def _do(
    operation: Operation,
    entity: EntityArguments,
    request: ReplyRequest,
    context: EngineContext,
    value: float | None = None,
) -> Sequence[ReplyPart]:
    if not (entity.name or entity.area):
        raise EngineFailed("give the name of a device, or a room")
    target = f"{entity.name or 'everything'} in the {entity.area}" if entity.area else entity.name
    command = HomeCommand(
        operation=operation,
        value=value,
        name=entity.name or None,
        area=entity.area or None,
        target=target,
    )
    if (home := context.home) is not None:
        return (await home.perform(action(command), request.situation.area),)
    # the satellite speaks the result; the model does not receive it
    return "The satellite does it and says the result.", action(command)


TOOLS = (
    Tool(
        name="switch_home",
        doc="Turn on or off, toggle, open, close, lock or run something in the home.",
        run=switch,
        arguments=SwitchArguments,
        home=True,
    ),
    Tool(
        name="set_home_level",
        doc="Set a brightness, volume, position or speed of something in the home.",
        run=set_level,
        arguments=LevelArguments,
        home=True,
    ),
    Tool(
        name="set_home_temperature",
        doc="Set a thermostat in the home.",
        run=set_temperature,
        arguments=TemperatureArguments,
        home=True,
    ),
    Tool(
        name="get_home_state",
        doc="Get the state of things in the home: one thing, a room, or all of them.",
        run=get_state,
        arguments=EntityArguments,
        home=True,
    ),
)
