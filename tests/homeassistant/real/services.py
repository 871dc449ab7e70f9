"""`satellite --server` behind recorders, and a Home Assistant that uses its services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.homeassistant.real import assist, entries
from tests.homeassistant.real.assist import Run
from tests.homeassistant.real.entries import Entry
from tests.homeassistant.real.install import OLD
from tests.homeassistant.real.installation import Installation
from tests.homeassistant.real.wyoming_tap import Tap
from tests.support.ports import free_port
from tests.support.program import Program, satellite

ROLES = ("asr", "llm", "tts", "wake")
VOICE = "espeak:en-us+klatt6?rate=150"
"""The voice that our own speech-to-text recognizes best."""
PLATFORMS = {"asr": "stt", "llm": "conversation", "tts": "tts", "wake": "wake_word"}

_ENGINES = {
    "--asr": "pocketsphinx",
    "--llm": "intents",
    "--wake": "openwakeword:okay_nabu,hey_jarvis",
}


class Services:
    """Our server as a process that can be stopped and started at the same ports."""

    def __init__(
        self,
        folder: Path,
        roles: Sequence[str] = ROLES,
        *more: str,
        prefix: tuple[str, ...] = (),
        patience: float = 30.0,
    ) -> None:
        """`prefix` precedes the command, for example to run it in a network namespace.

        `patience` is the most seconds that a start may take.
        """
        self._folder = folder
        self._prefix = prefix
        self._patience = patience
        self._roles = roles
        self._more = more
        self._stack = ExitStack()
        self._starts = 0
        self.ports = {role: free_port() for role in roles}
        self.program: Program

    def start(self) -> None:
        """Start the server and wait until it is ready."""
        self._starts += 1
        arguments = ["--server", ",".join(self._roles), "--tts", VOICE]
        for flag, engine in _ENGINES.items():
            arguments += [flag, engine] if flag not in self._more else []
        if "--host" not in self._more:
            arguments += ["--host", "127.0.0.1", "--no-zeroconf"]
        for role, port in self.ports.items():
            arguments += [f"--{role}-port", str(port)]
        self.program = self._stack.enter_context(
            satellite(
                self._folder,
                *arguments,
                *self._more,
                prefix=self._prefix,
                name=f"server-{self._starts}",
            )
        )
        self.program.wait_for("ready", timeout=self._patience)

    def stop(self) -> None:
        """Stop the server as systemd does."""
        if self.program.process.poll() is None:
            self.program.stop()
        self._stack.close()

    def kill(self) -> None:
        """Kill the server."""
        self._stack.close()


class PipelineHome:
    """A Home Assistant with Wyoming services, each behind a recorder, in an Assist pipeline."""

    def __init__(self, home_assistant: Installation, ports: Mapping[str, int]) -> None:
        """`ports` are those of the services of this machine, by role."""
        self.home_assistant = home_assistant
        self.api = home_assistant.api
        self.taps = {role: Tap(port) for role, port in ports.items()}
        self.entries: dict[str, Entry] = {}
        self.pipeline = ""

    @property
    def brain(self) -> bool:
        """Whether this version of Home Assistant can use our brain."""
        return self.home_assistant.version != OLD

    @contextmanager
    def furnished(self) -> Iterator[None]:
        """Have the services and the pipeline during this block."""
        try:
            self._furnish()
            yield
        finally:
            self.close()

    def _furnish(self) -> None:
        """Add the services and make the pipeline."""
        for role, tap in self.taps.items():
            self.home_assistant.loop.run(tap.open())
            if role != "llm" or self.brain:
                entry = self.home_assistant.loop.run(entries.add(self.api, tap.port))
                self.entries[role] = entry
        self.pipeline = self.home_assistant.loop.run(
            assist.create(
                self.api,
                stt=self.entity("asr"),
                tts=self.entity("tts"),
                wake=self.entity("wake"),
                agent=self.entity("llm"),
            )
        )

    def entity(self, role: str) -> str | None:
        """Return the entity of a service's role."""
        if role not in self.entries:
            return None
        (entity,) = self.entries[role].entities[PLATFORMS[role]]
        return entity

    def run(self, start: str, end: str, text: str | None = None, audio: bytes = b"") -> Run:
        """Run the pipeline."""
        work = assist.run(self.api, self.pipeline, start, end, text=text, audio=audio)
        return self.home_assistant.loop.run(work)

    def restart(self) -> None:
        """Restart Home Assistant."""
        self.home_assistant.stop()
        self.home_assistant.start()
        for entry in self.entries.values():
            self.home_assistant.loop.run(entries.loaded(self.api, entry.id))

    def close(self) -> None:
        """Close all connections."""
        for tap in self.taps.values():
            self.home_assistant.loop.run(tap.close())


class FurnishedHome(PipelineHome):
    """A Home Assistant with our services."""

    def __init__(self, home_assistant: Installation, services: Services) -> None:
        super().__init__(home_assistant, services.ports)
        self.services = services


@contextmanager
def furnished(
    home_assistant: Installation,
    folder: Path,
    roles: Sequence[str] = ROLES,
    *more: str,
    patience: float = 30.0,
) -> Iterator[FurnishedHome]:
    """Run our services in a Home Assistant during this block; `more` are their arguments."""
    services = Services(folder, roles, *more, patience=patience)
    try:
        services.start()
        home = FurnishedHome(home_assistant, services)
        with home.furnished():
            yield home
    finally:
        services.kill()
