"""One run of the setup: its settings so far, the choices made, and the person to ask."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from satellite.cli.guided_setup.asking import Asker, Choice
from satellite.config import checks
from satellite.config.keys import build, keys, value_of
from satellite.lib.finding import Finding
from satellite.settings import Settings


class SetupOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of the command line other than settings."""

    pair: str | None = None
    """Host of the machine to pair with."""
    code: str | None = None
    """The pairing code that it shows."""
    service: bool | None = None
    """Whether to start the service; None to ask."""


class Wizard:
    """The state of a setup. `preset` are the settings of the command line, which it does not ask
    for."""

    def __init__(
        self,
        ask: Asker,
        settings: Settings,
        preset: Sequence[str] = (),
        options: SetupOptions | None = None,
        file: Path = Path("satellite.toml"),
    ) -> None:
        self.ask = ask
        self.settings = settings
        self.preset = frozenset(preset)
        self.options = options or SetupOptions()
        self.file = file
        self.before = {path: value_of(settings, path) for path in keys()}
        self.chosen: dict[str, Any] = {path: value_of(settings, path) for path in preset}

    def choose(self, path: str, value: Any) -> None:
        """Change a setting, for the rest of the setup and in the file."""
        values = {p: value_of(self.settings, p) for p in keys()} | {path: value}
        self.settings = msgspec.structs.replace(build(values), assistants=self.settings.assistants)
        self.chosen[path] = value

    def show(self, finding: Finding) -> None:
        """Show the finding of a sound check."""
        mark = {"ok": "+", "note": " ", "warning": "!", "broken": "!"}[finding.state]
        self.ask.say(f"  {mark} {finding.about}: {finding.found}")
        if finding.means:
            self.ask.say(f"    {finding.means}")
        if finding.remedy:
            self.ask.say(f"    -> {finding.remedy}")

    async def component(self, role: str, question: str, choices: Sequence[Choice]) -> None:
        """Ask for the component of a role until it is a valid one."""
        while True:
            answer = await self.ask.choose(question, choices, getattr(self.settings, role))
            problems = list(checks.component(role, answer))
            if not problems:
                self.choose(role, answer)
                return
            for problem in problems:
                self.ask.say(f"  ! {problem}")
