"""Any program as a hook: run at events, which it gets in its environment and on standard input."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

import msgspec

from satellite import events
from satellite.errors import DeviceMissing, SatelliteError
from satellite.events import Event
from satellite.lib.child import Child, split
from satellite.options import OptionSet, option, unknown_name

_LOGGER = logging.getLogger(__name__)

LATE = 10.0
"""Seconds after which an event is too old for a program and is skipped: so a program that hung is
up to date as soon as it works again."""

ENDING = 1.5
"""Seconds to end a program that ran too long."""

_PIECES = ("transcript", "reply")
"""Events that are published in pieces."""


MOST_OUTPUT = 16_384
"""Bytes of a program's error output that are read; then its pipe is closed, since endless output
would hold up the event loop."""


class CommandFailed(SatelliteError):
    """The program could not be run, failed, or took too long."""


class CommandHook:
    """Runs a program at each event, one after another, without a shell.

    The event is in `SATELLITE_EVENT` and `SATELLITE_EVENT_<FIELD>`, and as one line of JSON on
    standard input.
    """

    class Options(OptionSet, frozen=True):
        """Options of the hook."""

        command: Annotated[str, option("Program with its arguments; run without a shell")]
        events: Annotated[
            tuple[str, ...], option("Events that run it, as wake,turn_end; all by default")
        ] = ()
        pieces: Annotated[
            bool, option("Run it at each piece of a transcript or reply, not only at its end")
        ] = False
        limit: Annotated[
            float, option("End the program after this long", unit="s", minimum=0.1, maximum=600)
        ] = 5.0

    argument: ClassVar[str] = "command"

    @staticmethod
    def problems(options: Options) -> Iterator[str]:
        """Yield what is wrong with the options, beyond their types and ranges."""
        try:
            split(options.command)
        except DeviceMissing as error:
            yield str(error)
        kinds = dict.fromkeys(kinds_of_events())
        for name in options.events:
            if name not in kinds:
                yield f"events: {unknown_name(name, kinds)}"

    def __init__(self, options: Options) -> None:
        self._options = options
        self._argv = split(options.command)
        self._last_line = ""
        self._failures = 0
        self.patience = options.limit + 2 * ENDING

    async def start(self) -> None:
        """Do nothing: the program is looked for when it is run."""

    async def handle(self, event: Event) -> None:
        """Run the program to its end, if the event is one of those configured; log a failure."""
        if not self._is_configured(event):
            return
        try:
            await self.run(event)
            self._failures = 0
        except CommandFailed as error:
            self._failures += 1
            level = logging.WARNING if self._failures == 1 else logging.DEBUG
            command = self._options.command
            _LOGGER.log(level, "hook command:%s failed at %s: %s", command, event.kind, error)

    async def run(self, event: Event) -> None:
        """Run the program for an event, to its end. Raises `CommandFailed`."""
        if time.monotonic() - event.mono > LATE:
            raise CommandFailed(f"skipped: {event.kind} was more than {LATE:g} s ago")
        self._last_line = ""
        child = _BoundedChild(f"hook {self._argv[0]}", self._note)
        try:
            await child.start(self._argv, stdin=True, environment=environment(event))
            await self._run_to_end(child, msgspec.json.encode(event) + b"\n")
        except DeviceMissing as error:
            raise CommandFailed(str(error)) from error
        except TimeoutError:
            raise CommandFailed(f"ended after {self._options.limit:g} s") from None
        finally:
            await child.end(at_once=True)

    async def close(self) -> None:
        """Do nothing: no run outlasts its `handle`."""

    async def _run_to_end(self, child: Child, line: bytes) -> None:
        async with asyncio.timeout(self._options.limit):
            await child.write(line)
            child.end_input()
            await child.wait_gone()
        if child.returncode:
            reason = f": {self._last_line}" if self._last_line else ""
            raise CommandFailed(f"ended with status {child.returncode}{reason}")

    def _is_configured(self, event: Event) -> bool:
        if event.kind in _PIECES and not self._options.pieces and not getattr(event, "final", True):
            return False
        return not self._options.events or event.kind in self._options.events

    def _note(self, line: str) -> None:
        # drops control characters, which a terminal would obey
        self._last_line = "".join(letter for letter in line if letter.isprintable())


class _BoundedChild(Child):
    """A child whose output is read up to a limit."""

    _received = 0

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._received += len(data)
        if self._received <= MOST_OUTPUT:
            super().pipe_data_received(fd, data)
        elif self._transport is not None and (pipe := self._transport.get_pipe_transport(fd)):
            pipe.close()


def kinds_of_events() -> list[str]:
    """Return the name of every event, as it stands in the log."""
    return [str(kind.__struct_config__.tag) for kind in events.KINDS]


def environment(event: Event) -> dict[str, str]:
    """Return an event as environment variables: `SATELLITE_EVENT` and `SATELLITE_EVENT_<FIELD>`, as
    text or as JSON. Zero bytes, which no environment can hold, are left out."""
    fields: dict[str, Any] = msgspec.to_builtins(event)
    found = {"SATELLITE_EVENT": fields.pop("event")}
    for name, value in fields.items():
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        found[f"SATELLITE_EVENT_{name.upper()}"] = text.replace("\0", "")
    return found
