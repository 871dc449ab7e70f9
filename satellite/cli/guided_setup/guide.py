"""The setup from its beginning to its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from satellite.cli.guided_setup.choose_devices import sound
from satellite.cli.guided_setup.choose_engines import engines
from satellite.cli.guided_setup.choose_language import language, voice
from satellite.cli.guided_setup.choose_servers import network
from satellite.cli.guided_setup.choose_wake_word import wake_word
from satellite.cli.guided_setup.next_steps import next_steps
from satellite.cli.guided_setup.system_service import service, service_stopped
from satellite.cli.guided_setup.whole_turn import whole_turn
from satellite.cli.guided_setup.wizard import Wizard
from satellite.config import files, migration
from satellite.config.document import Document
from satellite.lib.bus import Bus
from satellite.lib.daemon_thread import run_in_daemon_thread

FIRST = ("name", "area", "mic", "speaker", "wake", "language")
"""Settings that a new file always contains, so that its readers see where to change them."""


async def guide(session: Wizard, bus: Bus) -> None:
    """Ask, try, and write the configuration. Raises `SatelliteError`.

    The events of a whole turn, if one is tried, go to `bus`.
    """
    ask = session.ask
    before = await run_in_daemon_thread(lambda: files.content(session.file))
    document = Document(before, f"file {session.file}")
    document.migrate()
    ask.say(f"This sets up {session.file}.")
    if ask.present:
        ask.say("Press Enter to accept the value in brackets, or Ctrl-C to leave without changes.")
    await language(session, document)
    await _ask_for_names(session)
    async with service_stopped(session) as before:
        await sound(session)
        await voice(session)
        await wake_word(session)
        state = await network(session)
        await engines(session)
        await _write(session)
        await whole_turn(session, bus, running=before == "running")
    started = await service(session, restart=before == "stopped")
    ask.head("Next steps")
    ask.say(f"  {started}")
    await next_steps(session, state)


async def _ask_for_names(session: Wizard) -> None:
    session.ask.head("Name and room")
    for path, question in (
        ("name", "What is the satellite called?"),
        ("area", "Which room is it in?"),
    ):
        if path not in session.preset:
            answer = await session.ask.text(question, getattr(session.settings, path))
            session.choose(path, "" if answer == "-" else answer)


async def _write(session: Wizard) -> None:
    session.ask.head("Configuration")
    written = await run_in_daemon_thread(lambda: _written(session))
    if written is None:
        session.ask.say(f"  Nothing was changed in {session.file}.")
        return
    changed, copy = written
    session.ask.say(f"  Wrote {session.file}: {', '.join(changed) or 'with the defaults'}.")
    if copy is not None:
        session.ask.say(f"  The previous version is {copy}.")


def _written(session: Wizard) -> tuple[Sequence[str], Path | None] | None:
    """Write the choices into the file as it is now, minutes after it was read, and return what they
    changed and the copy of the file; None if there is nothing to write."""
    with files.changing(session.file):
        document = Document(files.content(session.file), f"file {session.file}")
        new = document.empty
        changed = list(document.migrate())
        if new:
            document.set(migration.KEY, migration.current())
        first = {path: place for place, path in enumerate(FIRST)}
        chosen = sorted(session.chosen, key=lambda path: (first.get(path, len(FIRST)), path))
        changed += [
            path
            for path in chosen
            if _is_to_write(session, path, new) and document.set(path, session.chosen[path])
        ]
        if not changed and not new:
            return None
        return changed, files.replace(session.file, document.text)


def _is_to_write(session: Wizard, path: str, new: bool) -> bool:
    """Return whether to write a choice; what was left as it was may have been changed meanwhile."""
    if new and path in FIRST:
        return True
    return path in session.preset or session.chosen[path] != session.before[path]
