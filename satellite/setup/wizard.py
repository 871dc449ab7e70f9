"""One run of the setup: what is set, what was chosen, and who is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from satellite.config import checks
from satellite.config.keys import build, keys, value_of
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding
from satellite.settings import Settings
from satellite.setup.asking import Asker, Choice


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line said beside settings."""

    pair: str | None = None
    """Host of the machine to be paired with."""
    code: str | None = None
    """The code that is shown there."""
    service: bool | None = None
    """Whether to start the service; None to ask."""


class Wizard:
    """What is known so far. `given` are the settings that the command line named: they are chosen
    already, and not asked for."""

    def __init__(
        self,
        ask: Asker,
        settings: Settings,
        given: Sequence[str] = (),
        wishes: Wishes | None = None,
        file: Path = Path("satellite.toml"),
    ) -> None:
        self.ask = ask
        self.settings = settings
        self.given = frozenset(given)
        self.wishes = wishes or Wishes()
        self.file = file
        self.before = {path: value_of(settings, path) for path in keys()}
        self.chosen: dict[str, Any] = {path: value_of(settings, path) for path in given}

    def choose(self, path: str, value: Any) -> None:
        """Set a setting, here and in what will be written."""
        values = {p: value_of(self.settings, p) for p in keys()} | {path: value}
        self.settings = msgspec.structs.replace(build(values), assistants=self.settings.assistants)
        self.chosen[path] = value

    def case(self) -> ExaminationInput:
        """These settings for the doctor's checks, which tell the person what to do."""
        return ExaminationInput(self.settings, say=lambda text: self.ask.say(f"  {text}"))

    def tell(self, finding: Finding) -> None:
        """Tell what one of the doctor's checks has found."""
        mark = {"ok": "+", "note": " ", "warning": "!", "broken": "!"}[finding.state]
        self.ask.say(f"  {mark} {finding.about}: {finding.found}")
        if finding.means:
            self.ask.say(f"    {finding.means}")
        if finding.remedy:
            self.ask.say(f"    -> {finding.remedy}")

    async def component(self, role: str, question: str, choices: Sequence[Choice]) -> None:
        """Let somebody choose a component of a role, until it is one."""
        while True:
            answer = await self.ask.choose(question, choices, getattr(self.settings, role))
            problems = list(checks.component(role, answer))
            if not problems:
                self.choose(role, answer)
                return
            for problem in problems:
                self.ask.say(f"  ! {problem}")
