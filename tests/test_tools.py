"""Tools: offered by plugins, described to a model, called with checked arguments."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import pytest

from satellite import tools
from satellite.errors import EngineFailed
from satellite.options import OptionSet, option
from satellite.ports import EngineContext
from satellite.tools import Tool
from satellite.values import Action, ReplyPart, ReplyRequest
from servers.llm.chat import toolbox
from servers.llm.chat.toolbox import Toolbox

REQUEST = ReplyRequest(text="hello")


class Place(OptionSet, frozen=True):
    """Where."""

    city: Annotated[str, option("Which city")]
    days: Annotated[int, option("How far ahead", unit="days", maximum=7)] = 1
    unit: Annotated[Literal["C", "F"], option("Scale")] = "C"
    rooms: Annotated[tuple[str, ...], option("Rooms")] = ()
    radius: Annotated[float, option("How far around", unit="km")] | None = None


async def weather(place: Place, request: ReplyRequest) -> Sequence[ReplyPart]:
    return f"Rain in {place.city} for {place.days} days.", Action(name="wet")


def box(run: Any = weather) -> Toolbox:
    tool = Tool(name="weather", doc="Tell the weather.", run=run, arguments=Place)
    return Toolbox([tool], home=False, context=EngineContext())


def test_arguments_are_described_as_json_schema() -> None:
    assert tools.schema(Place) == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Which city"},
            "days": {"type": "integer", "description": "How far ahead (days)"},
            "unit": {"type": "string", "enum": ["C", "F"], "description": "Scale"},
            "rooms": {"type": "array", "items": {"type": "string"}, "description": "Rooms"},
            "radius": {"type": "number", "description": "How far around (km)"},
        },
        "required": ["city"],
    }


async def test_a_call_gives_text_and_actions() -> None:
    result = await box().call("weather", {"city": "Rome", "days": "2"}, REQUEST)
    assert (result.text, result.actions) == ("Rain in Rome for 2 days.", (Action(name="wet"),))
    assert not result.failed


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("wether", {}, "did you mean weather?"),
        ("weather", {}, "city is missing"),
        ("weather", {"city": "Rome", "days": 9}, "days = 9"),
        ("weather", {"city": ["Rome"]}, 'city = ["Rome"]'),
        ("weather", {"city": "Rome", "when": 1}, "when is unknown"),
        ("weather", {"city": "Rome", "unit": "K"}, 'unit = "K"'),
    ],
)
async def test_the_problems_of_a_call_are_returned(
    name: str, arguments: dict[str, Any], told: str
) -> None:
    result = await box().call(name, arguments, REQUEST)
    assert result.failed
    assert told in result.text


async def test_the_failure_of_a_tool_is_returned_and_a_bug_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(place: Place, request: ReplyRequest) -> Sequence[ReplyPart]:
        raise EngineFailed("no such city") if place.city == "X" else ZeroDivisionError

    assert "no such city" in (await box(fail).call("weather", {"city": "X"}, REQUEST)).text
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert "ZeroDivisionError" in (await box(fail).call("weather", {"city": "Y"}, REQUEST)).text
    assert [r for r in caplog.records if r.levelno >= logging.ERROR]


async def test_a_tool_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(place: Place, request: ReplyRequest) -> Sequence[ReplyPart]:
        await asyncio.Event().wait()
        return ()

    monkeypatch.setattr(toolbox, "TIMEOUT", 0.01)
    assert "did not end" in (await box(hang).call("weather", {"city": "X"}, REQUEST)).text


async def test_a_long_result_is_cut() -> None:
    async def talk(place: Place, request: ReplyRequest) -> Sequence[ReplyPart]:
        return ("word " * 10_000,)

    result = await box(talk).call("weather", {"city": "X"}, REQUEST)
    assert len(result.text) == toolbox.LONGEST


def test_the_built_in_skills_are_offered_in_the_same_order_each_time() -> None:
    names = [tool.name for tool in tools.installed()]
    assert names == [tool.name for tool in tools.installed()]
    assert len(names) == len(set(names))
    assert "start_timer" in names
