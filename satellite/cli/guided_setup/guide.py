"""The setup from its beginning to its end."""

from __future__ import annotations

from satellite.cli.guided_setup.choose_devices import sound
from satellite.cli.guided_setup.choose_engines import engines
from satellite.cli.guided_setup.choose_language import language, voice
from satellite.cli.guided_setup.choose_servers import network
from satellite.cli.guided_setup.choose_wake_word import wake_word
from satellite.cli.guided_setup.next_steps import next_steps
from satellite.cli.guided_setup.system_service import service, service_stopped
from satellite.cli.guided_setup.whole_turn import whole_turn
from satellite.cli.guided_setup.wizard import Wizard
from satellite.cli.guided_setup.write_choices import write_choices
from satellite.config import files
from satellite.config.document import Document
from satellite.lib.bus import Bus
from satellite.lib.daemon_thread import run_in_daemon_thread


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
        await write_choices(session)
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
