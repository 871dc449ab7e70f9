"""Relay from a Unix socket, which ignores network namespaces, to a port inside of one.

ip netns exec NAMESPACE python -m tests.homeassistant.real.relay SOCKET PORT
"""

from __future__ import annotations

import asyncio
import sys

_PIECE = 64 * 1024


async def main(path: str, port: int) -> None:
    """Connect clients of the socket to the port at 127.0.0.1 until killed."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_copy(reader, far_writer))
            tasks.create_task(_copy(far_reader, writer))

    server = await asyncio.start_unix_server(accept, path)
    await server.serve_forever()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_PIECE):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass  # the other direction notices it, too
    finally:
        writer.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
