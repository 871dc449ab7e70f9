"""The language is asked for first, and the locale is the default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from satellite.cli.guided_setup.asking import Choice
from satellite.cli.guided_setup.choose_language import language, locale_language, voice
from satellite.cli.guided_setup.wizard import Wizard
from satellite.config.document import Document
from satellite.config.keys import build


class Answering:
    """A person with an answer for each question; without one, the default."""

    present = True

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.lines: list[str] = []
        self.offered: list[Choice] = []
        self.default = ""

    def say(self, text: str = "") -> None:
        self.lines.append(text)

    def head(self, text: str) -> None:
        self.lines.append(text)

    async def choose(self, question: str, choices: Any, default: str, *, other: str = "") -> str:
        self.offered, self.default = list(choices), default
        return self.answers.pop(0) if self.answers else default


def wizard(person: Any, **settings: Any) -> Wizard:
    return Wizard(person, build({"zeroconf": False, **settings}))


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({"LANG": "de_AT.UTF-8"}, "de"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_TW.UTF-8"}, "zh-TW"),
        ({"LANG": "pt_BR"}, "pt-BR"),
        ({"LANG": "C.UTF-8"}, ""),
        ({"LANG": "POSIX"}, ""),
        ({"LANG": "tlh_XX"}, ""),
    ],
)
def test_the_locale_names_a_pack(environment: dict[str, str], code: str) -> None:
    assert locale_language(environment) == code


async def test_the_locale_is_the_default_of_a_new_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    person = Answering()
    session = wizard(person)
    await language(session, Document())
    assert session.settings.language == "fr"
    assert ("fr", "Français (French)") in [(one.value, one.text) for one in person.offered]
    german = wizard(person, language="de")
    await language(german, Document('language = "de"'))
    assert german.settings.language == "de"


async def test_an_unknown_language_is_asked_for_again() -> None:
    person = Answering("klingon", "sv")
    session = wizard(person)
    await language(session, Document())
    assert session.settings.language == "sv"
    assert any('"klingon" is no code of a language' in line for line in person.lines)


async def test_the_voice_says_the_sentence_of_the_language(tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    person = Answering()
    session = wizard(
        person, language="zh", speaker=f"wav:{out}", **{"models.folder": str(tmp_path)}
    )
    await voice(session)
    shown = "\n".join(person.lines)
    assert "It says: 你好" in shown
    assert "(espeak)" in shown
    assert "pocketsphinx does not know the language zh" in shown
    assert out.stat().st_size > 32000
