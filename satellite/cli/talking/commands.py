"""What a line that begins with a slash asks for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from satellite.cli.talking import choose_model
from satellite.cli.talking.page import Page
from satellite.cli.talking.session import Talk
from satellite.errors import SatelliteError
from satellite.options import unknown_name
from satellite.settings import Settings

QUIT = ("/quit", "/exit", "/bye")

HELP = """\
Type a request and press Enter. An empty line, or the space bar, begins to listen, ends the
request, or interrupts the answer; so does Ctrl-C.
/model [NAME]  show the language models, or switch to one: llamacpp:NAME, ollama:NAME, tcp://…
/voice         speak the answers, or only show them
/mic           let any voice begin a request, or only Enter
/clear         forget the conversation
/help          show this
/quit          leave, as Ctrl-D does"""


class Commands:
    """The commands of one conversation."""

    def __init__(self, talk: Talk, settings: Settings, page: Page) -> None:
        self._talk = talk
        self._settings = settings
        self._page = page
        self._by_name: Mapping[str, Callable[[str], Awaitable[None]]] = {
            "/model": self._model,
            "/voice": self._voice,
            "/mic": self._microphone,
            "/clear": self._clear,
            "/help": self._help,
        }

    async def carry_out(self, line: str) -> None:
        """Carry out a command; what is wrong is shown."""
        name, _, argument = line.partition(" ")
        known = self._by_name.get(name)
        if known is None:
            names = dict.fromkeys((*self._by_name, QUIT[0]))
            self._page.say(f"({unknown_name(name, names)})")
            return
        try:
            await known(argument.strip())
        except SatelliteError as error:
            self._page.say(f"({' '.join(str(error).split())})")

    async def _model(self, name: str) -> None:
        llm, settings = self._talk.llm, self._settings
        if not name:
            self._page.say(f"(answered by {llm.label})")
            for choice in await choose_model.choices(settings):
                self._page.say(f"  {choice}")
            return
        component = choose_model.component_of(name, llm.component, llm.label)
        self._talk.session.interrupt()
        await llm.switch(msgspec.structs.replace(settings, llm=component))
        self._page.say(f"(answered by {component} from now on)")

    async def _voice(self, _: str) -> None:
        tts = self._talk.tts
        if not tts.on and not self._talk.has_speaker:
            self._page.say("(no speaker: answers are only shown)")
            return
        await tts.switch(not tts.on)
        if not tts.on:
            self._talk.session.interrupt()
        self._page.say(f"(spoken by {tts.label})" if tts.on else "(answers are only shown)")

    async def _microphone(self, _: str) -> None:
        session = self._talk.session
        if not session.hears:
            self._page.say("(no microphone: type)")
            return
        session.open_microphone = not session.open_microphone
        on = session.open_microphone
        self._page.say("(any voice begins a request)" if on else "(Enter begins a request)")

    async def _clear(self, _: str) -> None:
        self._talk.session.clear()
        self._page.say("(the conversation is forgotten)")

    async def _help(self, _: str) -> None:
        for line in HELP.splitlines():
            self._page.say(line)
