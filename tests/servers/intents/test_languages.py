"""Every installed language pack with sentences: complete, read quickly, understood."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from satellite.languages import pack
from satellite.values import Action, Declined, ReplyRequest, Situation
from servers.intents import sentence_files
from servers.intents.pack_check import check
from servers.intents.sentences import Sentences, load
from servers.intents.skills import SKILLS
from servers.llm.intents import answer

MATERIAL = Path(__file__).parents[4] / "shared" / "speech" / "languages"
LANGUAGES = sentence_files.languages()
NOW = "2026-11-20T10:25:00+01:00"

INTENTS = (
    *("HassTurnOn", "HassTurnOff", "HassTurnOn", "HassStartTimer", "HassStartTimer"),
    *("HassTimerStatus", "HassCancelTimer", "HassGetCurrentTime", "HassGetCurrentDate"),
    *("HassClimateGetTemperature", "HassClimateSetTemperature", "HassLightSet", "HassOpenCover"),
    *("HassCloseCover", "LockDoor", "HassSetVolume", "HassMediaPause", "HassListAddItem"),
    *("HassGetWeather", "HassGetState"),
)
"""Intents of the requests in the material, the same for every language, in their order."""

FEWEST = 18
"""Requests of the twenty that every language understands at least."""

LOADED = """
import time
import hassil.intents, hassil.recognize, unicode_rbnf, yaml
from servers.intents.sentences import load
from servers.intents.skills import SKILLS
begin = time.process_time()
sentences = load("LANGUAGE", understood=SKILLS)
sentences.load_package()
sentences.match("?", (), ())
print(time.process_time() - begin)
"""


@cache
def sentences_of(language: str) -> Sentences:
    return load(language, understood=SKILLS)


@cache
def material(name: str) -> dict[str, Any]:
    try:
        return dict(json.loads((MATERIAL / name).read_text("utf-8")))
    except FileNotFoundError:
        pytest.skip(f"no {name}: requests in all languages are not part of the project")


def test_english_is_among_the_languages() -> None:
    assert "en" in LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pack_is_complete_and_its_own_sentences_are_understood(language: str) -> None:
    report = check(language)
    assert not report.problems, "\n".join(report.problems)
    assert report.tests
    assert not report.failed, "\n".join(report.failed)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pack_is_read_in_half_a_second(language: str) -> None:
    program = LOADED.replace("LANGUAGE", language)
    spent = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert not spent.returncode, spent.stderr
    assert float(spent.stdout) < 1  # measured: 0.2 to 0.4; a busy machine takes longer


@pytest.mark.parametrize("language", LANGUAGES)
def test_usual_requests_are_understood_in_the_language(language: str) -> None:
    requests = next(iter(_of(language, material("requests.json"))), None)
    homes = next(iter(_of(language, material("homes.json"))), None)
    if requests is None or homes is None:
        pytest.skip(f"no requests in {language} in the material")
    situation = Situation(
        now=NOW, home=True, names=tuple(homes["names"]), areas=tuple(homes["areas"])
    )
    wrong = []
    for text, intent in zip(requests, INTENTS, strict=True):
        found = sentences_of(language).match(text, situation.names, situation.areas)
        if found is None or found.intent != intent:
            wrong.append(f"{text}: {found}, instead of {intent}")
    assert len(requests) - len(wrong) >= FEWEST, "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_are_in_the_language(language: str) -> None:
    examples = pack.pack(language).part("tests")["tests"]
    english = _texts("en") - _texts(language) if language != "en" else set()
    situation = Situation(now=NOW, names=("x",), areas=("y",), volume=0.5)
    for example in examples:
        for home in (False, True):
            request = ReplyRequest(
                text=example["text"],
                language=language,
                situation=msgspec.structs.replace(situation, home=home, names=(), areas=()),
            )
            for part in answer(sentences_of(language), request):
                said = {part} if isinstance(part, str) else set()
                if isinstance(part, Declined):
                    said = {part.text}
                elif isinstance(part, Action):
                    said = set(part.data.get("say", {}).values())
                assert not english & said, f"{example['text']}: {english & said}"


def _texts(language: str) -> set[str]:
    """Return all responses of a language without values, which another language has not."""
    intents = pack.pack(language).part("answers")["responses"]["intents"]
    return {
        text
        for texts in intents.values()
        for text in texts.values()
        if isinstance(text, str) and " " in text
    }


def _of(language: str, by_language: dict[str, Any]) -> list[Any]:
    """Return the material of a language, that of its region first."""
    base = language.partition("-")[0]
    named = [code for code in by_language if code.partition("-")[0] == base]
    return [by_language[code] for code in sorted(named, key=lambda code: code != language)]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "füge keine Milch zur Einkaufsliste hinzu"),
        ("de", "schalte das Licht nicht ein"),
        ("fr", "n'ajoute pas de lait à la liste de courses"),
        ("es", "no añadas leche a la lista de la compra"),
        ("it", "non aggiungere latte alla lista della spesa"),
        ("nl", "zet geen melk op de boodschappenlijst"),
        ("ru", "не добавляй молоко в список покупок"),
        ("pl", "nie dodawaj mleka do listy zakupów"),
        ("pt", "não acenda a luz"),
        ("pt-BR", "não adicione leite à lista de compras"),
        ("zh", "不要把牛奶加到购物清单"),
        ("zh-TW", "不要把牛奶加到購物清單"),
        ("ja", "買い物リストに牛乳を追加しないで"),
    ],
)
def test_a_command_with_a_negation_is_not_understood(language: str, text: str) -> None:
    sentences = sentences_of(language)
    assert sentences.match(text, sentences.usual.names, sentences.usual.areas) is None
