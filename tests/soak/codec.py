"""The wire codec under a coverage-guided fuzzer: python -m tests.soak.codec [--minutes 10]

Atheris (extra `fuzz`) generates bytes that reach more and more of the codec. Reading them must give
events, the end, `BadFrame` or `PeerClosed`, and events must be unchanged after writing and reading
them again. Without a wheel of Atheris, this reports it and does nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import sys
from pathlib import Path

from satellite.errors import BadFrame, PeerClosed

CORPUS = Path(__file__).with_name("corpus")


class Sink(asyncio.Transport):
    """The writer of a connection that is only read."""

    def get_extra_info(self, name: str, default: object = None) -> object:
        return default

    def is_closing(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return 0

    def abort(self) -> None:
        """Do nothing: no transport is open."""

    def close(self) -> None:
        """Do nothing: no transport is open."""


def check(loop: asyncio.AbstractEventLoop, stream: bytes) -> None:
    """Read a stream to its end, and write and read its events again."""
    from satellite.net.wire import Connection, Limits, encode

    async def events(content: bytes) -> list[tuple[str, object, bytes | None]]:
        limits = Limits(header=4096, data=65536, payload=65536, events=1e9)
        reader = asyncio.StreamReader(limits.header)
        reader.feed_data(content)
        reader.feed_eof()
        writer = asyncio.StreamWriter(Sink(), asyncio.StreamReaderProtocol(reader), reader, loop)
        connection = Connection(reader, writer, "it", limits)
        found = []
        try:
            while event := await connection.read():
                found.append(event)
        except (BadFrame, PeerClosed):
            pass
        again.extend(encode(event) for event in found)
        return [(event.type, event.data, event.payload) for event in found]

    again: list[bytes] = []
    first = loop.run_until_complete(events(stream))
    written = b"".join(again)
    if max((len(frame) for frame in again), default=0) < 4096:
        assert loop.run_until_complete(events(written)) == first, "it is read as another event"


def main() -> int:
    """Fuzz for a time; Atheris itself ends the process on a failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--work", type=Path, help="folder for what it finds")
    given = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("skipped: Atheris is not installed (satellite-voice[fuzz], x86-64 Linux)")
        return 0
    import atheris

    with atheris.instrument_imports(include=["satellite.net", "satellite.errors"]):
        import satellite.net.wire  # noqa: F401 - it is instrumented as it is loaded
    loop = asyncio.new_event_loop()
    folders = [str(folder) for folder in (given.work, CORPUS) if folder is not None]
    seconds = int(given.minutes * 60)
    options = [sys.argv[0], f"-max_total_time={seconds}", "-max_len=8192", "-rss_limit_mb=2048"]
    atheris.Setup([*options, *folders], lambda data: check(loop, data))
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
