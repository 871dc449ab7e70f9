"""The setup from its beginning to its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from satellite.config import migration
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.setup import files
from satellite.setup.document import Document
from satellite.setup.network import network
from satellite.setup.sound import sound
from satellite.setup.system_service import made_silent, service
from satellite.setup.wizard import Wizard
from satellite.setup.word import word

FIRST = ("name", "area", "mic", "speaker", "wake")
"""What a new file says in any case, so that whoever reads it sees where to change it."""


async def guide(session: Wizard) -> None:
    """Ask, try, and write the configuration. Raises `SatelliteError`."""
    ask = session.ask
    before = await run_in_daemon_thread(lambda: files.content(session.file))
    document = Document(before, f"file {session.file}")
    renewed = document.migrate()
    ask.say(f"This sets up {session.file}.")
    if ask.present:
        ask.say("Enter takes what stands in brackets; Ctrl-C leaves everything as it is.")
    await _place(session)
    async with made_silent(session):
        await sound(session)
        await word(session)
    await network(session)
    await _write(session, document, renewed)
    await service(session)


async def _place(session: Wizard) -> None:
    session.ask.head("Name and room")
    for path, question in (
        ("name", "What is it called?"),
        ("area", "In which room does it stand?"),
    ):
        if path not in session.given:
            now = getattr(session.settings, path)
            answer = await session.ask.text(question, now)
            session.choose(path, "" if answer == "-" else answer)


async def _write(session: Wizard, document: Document, renewed: Sequence[str]) -> None:
    fresh = document.empty
    changed = list(renewed)
    if fresh:
        document.set(migration.KEY, migration.current())
    for path, value in sorted(session.chosen.items(), key=_place_of):
        worth = document.get(path) is not None or _worth_saying(session, path, fresh)
        if worth and document.set(path, value):
            changed.append(path)
    session.ask.head("Configuration")
    if not changed and not fresh:
        session.ask.say(f"  Nothing was changed: {session.file} stays as it is.")
        return
    kept = await run_in_daemon_thread(lambda: files.replace(session.file, document.text))
    session.ask.say(f"  {session.file} is written: {', '.join(changed) or 'with the defaults'}.")
    if kept is not None:
        session.ask.say(f"  As it was, it is {kept}.")


def _place_of(chosen: tuple[str, Any]) -> tuple[int, str]:
    """Where a key stands in a file that is new."""
    path = chosen[0]
    return (FIRST.index(path) if path in FIRST else len(FIRST), path)


def _worth_saying(session: Wizard, path: str, fresh: bool) -> bool:
    """Whether a choice is written that the file does not have yet."""
    if fresh and path in FIRST:
        return True
    return path in session.given or session.chosen[path] != session.before[path]
