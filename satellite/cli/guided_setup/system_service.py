"""The service of the satellite: stopped during the setup, and started at its end."""

from __future__ import annotations

import os
import shlex
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import msgspec

from satellite.cli.guided_setup.next_steps import named_file
from satellite.cli.guided_setup.wizard import Wizard
from satellite.errors import SatelliteError
from satellite.lib import privileges
from satellite.lib.daemon_thread import program
from satellite.lib.paths import data_folder
from satellite.lib.platform.services import UserService, user_service
from satellite.text.reason_of import reason_of

UNIT = "satellite.service"

SYSTEM = Path("/etc/systemd/system")
RUNNING = Path("/run/systemd/system")
"""Exists if systemd manages the machine (sd_booted(3))."""

ServiceState = Literal["idle", "running", "stopped"]
"""`idle`: there is none, or it does not run. `stopped`: it ran until the setup stopped it."""

START = 30.0
"""Seconds for a service to start: engines load within ten on a Pi."""


class Manager(msgspec.Struct, frozen=True):
    """The manager of the service: the machine's systemd or the user's, or that of another system,
    whose `user_service` this is."""

    command: tuple[str, ...] = ()
    user_service: UserService | None = None

    def argv(self, verb: str, *flags: str) -> list[str]:
        """Return the command for one of systemctl's verbs; `flags` are systemctl's."""
        if self.user_service is not None:
            return [*self.user_service.actions[verb]]
        return [*self.command, verb, *flags, UNIT]

    def prepare(self) -> None:
        """Write the description of a service that no installer writes. Raises `OSError`."""
        if self.user_service is not None:
            self.user_service.write()

    def hint(self, verb: str) -> str:
        """Return the command for a person to type."""
        if self.user_service is not None:
            return "satellite setup --service"
        return " ".join((*self.command, verb, UNIT.removesuffix(".service")))

    @property
    def log(self) -> str:
        """The command that shows the log of the service."""
        if self.user_service is not None:
            return self.user_service.follow
        return f"journalctl {'--user ' if '--user' in self.command else ''}-u satellite"

    @property
    def follow(self) -> str:
        """The command that shows the log of the service as it is written."""
        return self.log if self.user_service is not None else f"{self.log} -f"


def find_manager(session: Wizard) -> Manager | None:
    """Return the manager of the service: of its unit, if systemd has one, or of macOS or Windows;
    None without either."""
    own = user_service(shlex.split(named_file(session)), data_folder())
    if own is not None:
        return Manager(user_service=own)
    if not RUNNING.is_dir():
        return None
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    if not privileges.root_owned() and (home / "systemd" / "user" / UNIT).exists():
        return Manager(("systemctl", "--user"))
    if (SYSTEM / UNIT).exists():
        return Manager(("systemctl",) if privileges.root_owned() else ("sudo", "systemctl"))
    return None


async def service(session: Wizard, *, restart: bool = False) -> str:
    """Offer to start the service; return how the satellite is started, or that it runs.

    A `restart` follows a stop that the person agreed to, and is not asked for again. Raises
    `SatelliteError`.
    """
    manager = find_manager(session)
    start = session.options.service
    if manager is None:
        if start:
            raise SatelliteError(
                "there is no service to start; install it with deploy/install.sh of the source tree"
            )
        return f"To start the satellite: satellite{named_file(session)}"
    verb = "restart" if await _is_active(manager) else "start"
    if start is None and restart:
        start = True
    elif start is None:
        question = f"{verb.capitalize()} the service now?"
        session.ask.say()
        start = session.ask.present and await session.ask.yes(question, True)
    if not start:
        command = manager.hint(verb if verb == "restart" else "enable --now")
        return f"To start the satellite: {command}"
    try:
        manager.prepare()
    except OSError as error:
        raise SatelliteError(f"the service cannot be described: {reason_of(error)}") from error
    for action in ("enable", verb):
        answer = await program(manager.argv(action), seconds=START, root=True)
        if answer is None or answer.code != 0:
            why = answer.complaint if answer else f"no answer within {START:g} s"
            raise SatelliteError(f"{manager.hint(action)}: {why}; see: {manager.log}")
    return f"The service is running. To see its log: {manager.follow}"


@asynccontextmanager
async def service_stopped(session: Wizard) -> AsyncGenerator[ServiceState, None]:
    """Stop a running service during this block, if the person agrees, so that its devices can be
    tried; start it again afterwards in any case. Yield its state."""
    manager = find_manager(session)
    question = "The satellite is running and uses the microphone. Stop it during the setup?"
    if manager is None or not session.ask.present or not await _is_active(manager):
        yield "idle"
        return
    if not await session.ask.yes(question, True):
        yield "running"
        return
    await program(manager.argv("stop"), seconds=START, root=True)
    try:
        yield "stopped"
    finally:
        await program(manager.argv("start", "--no-block"), root=True)


async def _is_active(manager: Manager) -> bool:
    answer = await program(manager.argv("is-active", "--quiet"))
    return answer is not None and answer.code == 0
