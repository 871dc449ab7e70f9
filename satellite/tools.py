"""Tools: what a brain that is a language model may use while it answers.

A plugin class, of the groups `satellite.llm` and `satellite.hook`, may carry them:

    class Place(OptionSet, frozen=True):
        city: Annotated[str, option("Which city")]

    async def weather(place: Place, request: ReplyRequest) -> Sequence[ReplyPart]:
        return (await forecast(place.city),)

    class Weather:
        tools = (Tool(name="get_weather", doc="Tell the weather", run=weather, arguments=Place),)
"""

from __future__ import annotations

import logging
import typing
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
"""Roles whose plugins may offer tools."""

_JSON = {str: "string", int: "integer", float: "number", bool: "boolean"}


class NoArguments(OptionSet, frozen=True):
    """For a tool that takes none."""


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """One tool.

    `run` gets its arguments, checked, and the request that is being answered; where it has a
    parameter `context`, the `EngineContext` of the brain, too. The texts it returns
    are told to the model, or, if the model has nothing to add, to the person; actions are done. A
    `SatelliteError` that it raises is told to the model, too.
    """

    name: str
    """As the model calls it, such as `start_timer`."""
    doc: str
    """What it does, for the model."""
    run: Callable[..., Awaitable[Sequence[ReplyPart]]]
    arguments: type[OptionSet] = NoArguments
    home: bool = False
    """Offered only where a home is connected."""

    async def call(
        self, arguments: OptionSet, request: ReplyRequest, context: EngineContext
    ) -> Sequence[ReplyPart]:
        """Run the tool. Raises whatever `run` raises."""
        if registry.takes_context(self.run):
            return await self.run(arguments, request, context=context)
        return await self.run(arguments, request)


def installed() -> tuple[Tool, ...]:
    """The tools of every installed plugin, in an order that stays the same.

    Of two with one name the first counts. Plugins that cannot be imported offer none.
    """
    found: dict[str, Tool] = {}
    for plugin in registry.installed(*OFFERING):
        try:
            kind = plugin.load()
        except PluginBroken as error:
            _LOGGER.debug("no tools of it: %s", error)
            continue
        tools: tuple[Tool, ...] = kind.tools if isinstance(kind, OffersTools) else ()
        for tool in tools:
            if tool.name in found:
                _LOGGER.warning("plugin %s: another tool is called %s", plugin.name, tool.name)
            found.setdefault(tool.name, tool)
    return tuple(found.values())


def schema(arguments: type[OptionSet]) -> dict[str, Any]:
    """The JSON schema of a tool's arguments: an object of texts, numbers, choices and lists."""
    hints = typing.get_type_hints(arguments, include_extras=True)
    docs = {info.name: info for info in options.describe(arguments)}
    properties: dict[str, dict[str, Any]] = {}
    for field in msgspec.structs.fields(arguments):
        told = docs[field.encode_name]
        unit = f" ({told.unit})" if told.unit else ""
        properties[field.encode_name] = {**_type(hints[field.name]), "description": told.doc + unit}
    required = [f.encode_name for f in msgspec.structs.fields(arguments) if f.required]
    return {"type": "object", "properties": properties, "required": required}


def _type(hint: Any) -> dict[str, Any]:
    if hasattr(hint, "__metadata__"):
        return _type(typing.get_args(hint)[0])
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return {"type": "string", "enum": list(inner)}
    if origin is tuple:
        return {"type": "array", "items": _type(inner[0])}
    if inner:  # a value that may be left out
        return _type(next(kind for kind in inner if kind is not type(None)))
    return {"type": _JSON.get(hint, "string")}
