"""The setup changes the file as it is when it writes, minutes after it has read it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from satellite.cli.guided_setup.wizard import Wizard
from satellite.cli.guided_setup.write_choices import write_choices
from satellite.config import load as config
from satellite.lib import file_lock
from satellite.lib.file_lock import FileBusy, locked
from tests.cli.guided_setup.test_script import NoPerson


class Patient(NoPerson):
    """A person who is asked whether to try again, and does something first."""

    present = True

    def __init__(self, answer: bool, before: Callable[[], None]) -> None:
        super().__init__()
        self._answer, self._before = answer, before

    async def yes(self, question: str, default: bool) -> bool:
        assert question == "Try again?"
        self._before()
        return self._answer


def wizard(file: Path, ask: NoPerson | None = None) -> Wizard:
    file.write_text('name = "den" # ours\narea = "Den"\n')
    settings = config.load(file=file, environment={}).settings
    return Wizard(ask or NoPerson(), settings, file=file)


async def test_what_another_program_has_changed_meanwhile_stays(tmp_path: Path) -> None:
    file = tmp_path / "satellite.toml"
    session = wizard(file)
    session.choose("area", "Den")  # as it was: Enter was pressed
    session.choose("language", "de")
    file.write_text('name = "den" # ours\narea = "Attic"\nvolume = 0.5\n')
    await write_choices(session)
    assert "# ours" in file.read_text()
    written = tomllib.loads(file.read_text())
    assert written == {"name": "den", "area": "Attic", "volume": 0.5, "language": "de"}


async def test_a_person_tries_again_and_loses_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_lock, "PATIENCE", 0.05)
    file = tmp_path / "satellite.toml"
    with ExitStack() as held:
        ask = Patient(True, held.close)
        session = wizard(file, ask)
        session.choose("language", "de")
        held.enter_context(locked(file))
        await write_choices(session)
    assert tomllib.loads(file.read_text())["language"] == "de"
    assert any("is being changed by another program" in line for line in ask.lines)


@pytest.mark.parametrize("present", [True, False])
async def test_a_file_that_stays_locked_is_an_error_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, present: bool
) -> None:
    monkeypatch.setattr(file_lock, "PATIENCE", 0.05)
    file = tmp_path / "satellite.toml"
    session = wizard(file, Patient(False, lambda: None) if present else None)
    session.choose("language", "de")
    before = file.read_text()
    with locked(file), pytest.raises(FileBusy):
        await write_choices(session)
    assert file.read_text() == before
