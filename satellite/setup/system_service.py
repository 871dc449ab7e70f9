"""The service: started, or how to start the satellite without one."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from satellite.errors import SatelliteError
from satellite.lib import privileges
from satellite.lib.daemon_thread import program
from satellite.setup.wizard import Wizard

UNIT = "satellite.service"

SYSTEM = Path("/etc/systemd/system")
RUNNING = Path("/run/systemd/system")
"""There where systemd manages the machine (sd_booted(3))."""

START = 30.0
"""Seconds for a service to start: engines load within ten on a Pi."""


class Manager(msgspec.Struct, frozen=True):
    """Who starts the service: the machine's systemd, or the user's."""

    command: tuple[str, ...]

    def hint(self, verb: str) -> str:
        """The command for a person."""
        return " ".join((*self.command, verb, UNIT.removesuffix(".service")))


def manager() -> Manager | None:
    """Whoever has the service's unit; None where there is none, or no systemd."""
    if not RUNNING.is_dir():
        return None
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    if not privileges.root_owned() and (home / "systemd" / "user" / UNIT).exists():
        return Manager(("systemctl", "--user"))
    if (SYSTEM / UNIT).exists():
        return Manager(("systemctl",) if privileges.root_owned() else ("sudo", "systemctl"))
    return None


async def service(session: Wizard) -> None:
    """Offer to start the service, or say how to start without it. Raises `SatelliteError`."""
    found = manager()
    wished = session.wishes.service
    session.ask.say()
    if found is None:
        if wished:
            raise SatelliteError(
                "there is no service to start: deploy/install.sh of the source tree installs it"
            )
        session.ask.say("Start it: satellite")
        return
    running = await _active(found)
    verb = "restart" if running else "start"
    if wished is None:
        question = f"Have the service {verb}ed now?"
        wished = session.ask.present and await session.ask.yes(question, True)
    if not wished:
        session.ask.say(f"Start it: {found.hint('restart' if running else 'enable --now')}")
        return
    for words in (("enable",), (verb,)):
        answer = await program([*found.command, *words, UNIT], seconds=START, root=True)
        if answer is None or answer.code != 0:
            why = answer.complaint if answer else f"no answer within {START:g} s"
            raise SatelliteError(f"{found.hint(words[0])}: {why}; see: journalctl -u satellite")
    session.ask.say("The service runs. Its log: journalctl -u satellite -f")


@asynccontextmanager
async def made_silent(session: Wizard) -> AsyncGenerator[None, None]:
    """Stop a service that runs, if somebody agrees, so that its devices can be tried in this block;
    it is started again afterwards in any case."""
    found = manager()
    question = "The satellite runs and has the microphone. Stop it while this is tried?"
    stopped = (
        found is not None
        and session.ask.present
        and await _active(found)
        and await session.ask.yes(question, True)
    )
    if found is None or not stopped:
        yield
        return
    await program([*found.command, "stop", UNIT], seconds=START, root=True)
    try:
        yield
    finally:
        await program([*found.command, "start", "--no-block", UNIT], root=True)


async def _active(found: Manager) -> bool:
    answer = await program([*found.command, "is-active", "--quiet", UNIT])
    return answer is not None and answer.code == 0
