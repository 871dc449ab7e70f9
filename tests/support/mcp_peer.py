"""A server by the official package `mcp`, run with an interpreter that has it (`install_mcp.sh`).

python mcp_peer.py stdio
python mcp_peer.py streamable-http PORT [json] [stateless]
"""

from __future__ import annotations

import asyncio
import sys
from enum import Enum

from mcp.server import MCPServer  # type: ignore[import-not-found]
from mcp.server.mcpserver import Context  # type: ignore[import-not-found]
from mcp.types import ToolAnnotations  # type: ignore[import-not-found]
from pydantic import BaseModel, Field  # type: ignore[import-not-found,unused-ignore]

server = MCPServer("peer")
READING = ToolAnnotations(readOnlyHint=True)


class Unit(Enum):
    C = "C"
    F = "F"


class Place(BaseModel):
    """A place."""

    city: str = Field(description="Name of the city")
    country: str | None = None


@server.tool(annotations=READING)
def forecast(place: Place, days: int = 1, unit: Unit = Unit.C) -> str:
    """Get the forecast."""
    return f"{place.city} {place.country} {days} {unit.value}"


@server.tool(annotations=READING)
def numbers() -> dict[str, int]:
    """Get numbers."""
    return {"one": 1}


@server.tool()
def fail() -> str:
    """Fail."""
    raise ValueError("out of luck")


@server.tool()
async def wait() -> str:
    """Wait for a minute."""
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        cancelled.append("wait")
        raise
    return "waited"


cancelled: list[str] = []


@server.tool(annotations=READING)
def ended() -> str:
    """Get the calls that were cancelled."""
    return ",".join(cancelled) or "none"


@server.tool()
async def ask(context: Context) -> str:
    """Ask the person something."""
    try:
        await context.elicit("Which?", Place)
    except Exception as error:
        return f"refused: {type(error).__name__}"
    return "asked"


if __name__ == "__main__":
    if sys.argv[1] == "stdio":
        server.run("stdio")
    else:
        more = {"json_response": "json" in sys.argv, "stateless_http": "stateless" in sys.argv}
        server.run("streamable-http", port=int(sys.argv[2]), **more)
