"""Tools that a language model may call while it answers.

A plugin class of the groups `satellite.llm` and `satellite.hook` may offer them:

    class Place(OptionSet, frozen=True):
        city: Annotated[str, option("Which city")]

    async def weather(place: Place, request: ReplyRequest) -> Sequence[ReplyPart]:
        return (await forecast(place.city),)

    class Weather:
        tools = (Tool(name="get_weather", doc="Get the weather", run=weather, arguments=Place),)
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from satellite import options
from satellite.components import registry
from satellite.errors import PluginBroken
from satellite.options import OptionSet
from satellite.ports import EngineContext, OffersTools
from satellite.values import ReplyPart, ReplyRequest

_LOGGER = logging.getLogger(__name__)

OFFERING = ("llm", "hook")
"""The roles whose plugins may offer tools."""


class NoArguments(OptionSet, frozen=True):
    """The arguments of a tool that takes none."""


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """One tool.

    `run` takes the checked arguments and the request that is being answered; where it has a
    parameter `context`, it takes the `EngineContext` of the engine, too. The texts that it returns
    go to the model, or, if the model adds nothing, to the person; actions are carried out. A
    `SatelliteError` that it raises also goes to the model.
    """

    name: str
    """The name by which the model calls it, such as `start_timer`."""
    doc: str
    """Its purpose, for the model."""
    run: Callable[..., Awaitable[Sequence[ReplyPart]]]
    arguments: type[OptionSet] = NoArguments
    home: bool = False
    """Whether it is offered only with a connected home."""

    async def call(
        self, arguments: OptionSet, request: ReplyRequest, context: EngineContext
    ) -> Sequence[ReplyPart]:
        """Run the tool. Raises whatever `run` raises."""
        if registry.takes_context(self.run):
            return await self.run(arguments, request, context=context)
        return await self.run(arguments, request)


def installed() -> tuple[Tool, ...]:
    """Return the tools of every installed plugin, always in the same order.

    Of two tools with one name, the first is used. A plugin that cannot be imported has none.
    """
    found: dict[str, Tool] = {}
    for plugin in registry.installed(*OFFERING):
        try:
            kind = plugin.load()
        except PluginBroken as error:
            _LOGGER.debug("plugin without tools: %s", error)
            continue
        tools: tuple[Tool, ...] = kind.tools if isinstance(kind, OffersTools) else ()
        for tool in tools:
            if tool.name in found:
                _LOGGER.warning(
                    "plugin %s: its tool %s is ignored, as another one has that name",
                    *(plugin.name, tool.name),
                )
            found.setdefault(tool.name, tool)
    return tuple(found.values())


def schema(arguments: type[OptionSet]) -> dict[str, Any]:
    """Return the JSON schema of a tool's arguments: an object of texts, numbers, choices and lists.

    It has what models are trained on: types, choices and descriptions, the units among them. Bounds
    and defaults are left out, as `options.convert` applies them to the call.
    """
    _, components = msgspec.json.schema_components([arguments])
    written = components[arguments.__name__]
    units = {info.name: info.unit for info in options.describe(arguments)}
    return {
        "type": "object",
        "properties": {
            name: _property(found, units[name]) for name, found in written["properties"].items()
        },
        "required": written["required"],
    }


def _property(written: dict[str, Any], unit: str) -> dict[str, Any]:
    if "anyOf" in written:  # optional: models write null for that, which needs no type
        written = next(part for part in written["anyOf"] if part.get("type") != "null")
    found: dict[str, Any] = {key: written[key] for key in ("type", "items") if key in written}
    if choices := written.get("enum"):
        kind = "string" if all(isinstance(choice, str) for choice in choices) else "integer"
        found = {"type": kind, "enum": choices}
    return {**found, "description": written.get("description", "") + (f" ({unit})" if unit else "")}
