"""Settings of the servers of MCP (Model Context Protocol) whose tools language models may call."""

from __future__ import annotations

from typing import Annotated

from satellite.options import OptionSet, option


class McpSettings(OptionSet, frozen=True):
    """One server: its address or its command, and which of its tools are allowed."""

    url: Annotated[
        str, option("Address of a server by HTTP, such as http://127.0.0.1:8000/mcp")
    ] = ""
    command: Annotated[
        str, option("Command of a server that speaks by its standard input and output")
    ] = ""
    token_file: Annotated[
        str,
        option("File with the token for the address; SATELLITE_MCP_NAME_TOKEN is used otherwise"),
    ] = ""
    environment: Annotated[
        tuple[str, ...],
        option("Environment variables that the command gets besides PATH, HOME and the like"),
    ] = ()
    tools: Annotated[tuple[str, ...], option("Allowed tools: names, or patterns such as get_*")] = (
        "*",
    )
    timeout: Annotated[
        float, option("Longest time for one call", unit="s", minimum=0.5, maximum=120)
    ] = 10.0
