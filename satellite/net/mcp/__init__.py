"""A client of MCP servers (Model Context Protocol), which offer tools to language models.

By Streamable HTTP or by the standard input and output of a process. What a server sends is
bounded and cleaned, as a server may be faulty or hostile.

The package `aiohttp-mcp-client` (0.0.3) is not used: it knows no processes, takes the first answer
whatever its id, answers no ping, cancels no call, and reads without bounds. The package `mcp` needs
17 others, a web server among them.
"""
