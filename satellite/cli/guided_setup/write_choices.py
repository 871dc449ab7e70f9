"""What was chosen, written into the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from satellite.cli.guided_setup.wizard import Wizard
from satellite.config import files, migration
from satellite.config.document import Document
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.lib.file_lock import FileBusy

FIRST = ("name", "area", "mic", "speaker", "wake", "language")
"""Settings that a new file always contains, so that its readers see where to change them."""


async def write_choices(session: Wizard) -> None:
    """Write what was chosen into the configuration. Raises `SatelliteError`.

    A person whose file another program changes for long is asked whether to try again.
    """
    session.ask.head("Configuration")
    while True:
        try:
            written = await run_in_daemon_thread(lambda: _written(session))
            break
        except FileBusy as error:
            if not session.ask.present:
                raise
            session.ask.say(f"  ! {error}")
            if not await session.ask.yes("Try again?", True):
                raise
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
