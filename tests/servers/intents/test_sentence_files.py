"""Sentence files: the user's own, other languages, and errors in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.errors import EngineFailed, ModelMissing
from satellite.values import Action, Declined, ReplyPart, ReplyRequest, Situation
from servers.intents.sentence_files import base_language, languages
from servers.intents.sentences import load
from servers.llm.intents import Intents
from tests.servers.llm.built_in_engine import NOW

COFFEE = """
language: en
lists:
  strength:
    values: [weak, strong]
intents:
  MakeCoffee:
    data:
      - sentences: ["(make|brew) [a] {strength} coffee"]
      - sentences: ["coffee for {guest}"]
        response: guest
  Stop:
    data:
      - sentences: ["hush now baby"]
responses:
  intents:
    MakeCoffee:
      default: "One {strength} coffee, coming up."
      guest: "Coffee for {guest}, coming up."
    HassRespond:
      hello: "Ahoy."
"""
GUEST = "lists: {guest: {wildcard: true}}\n"


async def ask(folder: Path, *texts: str, language: str = "en") -> list[tuple[ReplyPart, ...]]:
    engine = Intents(Intents.Options(language=language, sentences=str(folder)))
    try:
        return [
            tuple(
                [
                    part
                    async for part in engine.reply(
                        ReplyRequest(text=text, situation=Situation(now=NOW))
                    )
                ]
            )
            for text in texts
        ]
    finally:
        await engine.close()


async def test_own_sentences_add_intents_sentences_and_responses(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "coffee.yaml").write_text(COFFEE)
    (tmp_path / "en" / "guest.yaml").write_text(GUEST)
    (tmp_path / "german.yaml").write_text("language: de\nintents: 7\n")
    texts = (
        "brew a strong coffee",
        "coffee for Anna",
        "hush now, baby",
        "hello",
        "what time is it",
    )
    assert await ask(tmp_path, *texts) == [
        ("One strong coffee, coming up.",),
        ("Coffee for Anna, coming up.",),
        (Action(name="stop"),),
        ("Ahoy.",),
        ("It is 10:25 AM.",),
    ]


# in the form that files had before there were language packs
OLDER = """
language: nds
skip_words: [bitte]
lists:
  number: {range: {from: 0, to: 100}}
expansion_rules:
  minutes: "{number:minutes} Minute[n]"
intents:
  HassGetCurrentTime:
    data: [{sentences: ["wie spät ist es"]}]
  HassGetCurrentDate:
    data: [{sentences: ["welcher Tag ist heute"]}]
  HassStartTimer:
    data: [{sentences: ["stell einen Wecker auf <minutes>"]}]
responses:
  intents:
    HassGetCurrentTime: {default: "Es ist {time}."}
    HassGetCurrentDate: {default: "Heute ist {weekday}, der {day}. {month}."}
    HassStartTimer: {default: "Wecker in {duration}."}
words:
  declined: "Das habe ich nicht verstanden."
  weekdays: [Montag, Dienstag, Mittwoch, Donnerstag, Freitag, Samstag, Sonntag]
  months: [Januar, Februar, März, April, Mai, Juni, Juli, August, September, Oktober, November,
    Dezember]
  time: "{hour} Uhr {minute}"
  full_hour: "{hour} Uhr"
  halves: ["", ""]
  and: und
  units: [[Stunde, Stunden, Stunden], [Minute, Minuten, Minuten], [Sekunde, Sekunden, Sekunden]]
  timer: Wecker
  named_timer: "{name}-Wecker"
  long_timer: "{duration}-Wecker"
  thing: "{name}"
  thing_in_area: "{name} im {area}"
  group_in_area: "{name} im {area}"
"""


async def test_another_language_is_another_file(tmp_path: Path) -> None:
    (tmp_path / "nds.yaml").write_text(OLDER)
    texts = (
        "Wie spät ist es, bitte?",
        "welcher Tag ist heute",
        "stell einen Wecker auf 25 Minuten",
    )
    assert await ask(tmp_path, *texts, language="nds-DE") == [
        ("Es ist 10 Uhr 25.",),
        ("Heute ist Freitag, der 20. November.",),
        (
            "Wecker in 25 Minuten.",
            Action(name="timer.start", data={"seconds": 1500.0, "name": None}),
        ),
    ]


async def test_a_request_is_answered_in_its_language_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "nds").mkdir()
    (tmp_path / "nds" / "own.yaml").write_text(OLDER)
    (tmp_path / "unmarked.yaml").write_text(OLDER.replace("language: nds", "").replace("Es", "It"))
    engine = Intents(Intents.Options(sentences=str(tmp_path)))

    async def answer(text: str, language: str | None) -> list[ReplyPart]:
        request = ReplyRequest(text=text, language=language, situation=Situation(now=NOW))
        return [part async for part in engine.reply(request)]

    assert await answer("what time is it", None) == ["It ist 10 Uhr 25."]  # a file of English
    assert await answer("wie spät ist es", "nds-DE") == ["Es ist 10 Uhr 25."]
    assert await answer("wie spät ist es", "en") == ["It ist 10 Uhr 25."]
    assert await answer("what time is it", "nds") == [Declined("Das habe ich nicht verstanden.")]
    for _ in range(2):
        assert await answer("what time is it", "tlh") == [Declined("")]
    for other in ("tlh", "sjn", "qya", "nds"):
        await answer("nuqneH", other)
    assert await answer("wie spät ist es", "nds") == ["Es ist 10 Uhr 25."]
    await engine.close()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a: [", r"own\.yaml is not YAML: "),
        ("", r"own\.yaml has no keys and values, but null"),
        ("- a", r'own\.yaml has no keys and values, but \["a"\]'),
        ("intents: {A: {}}", r"own\.yaml: KeyError: 'data'"),
        ("intents: {A: {data: [{sentences: ['(a']}]}}", r"own\.yaml: ParseError: "),
        ("lists: {day: {values: 3}}", r"own\.yaml: TypeError: "),
        ("skip_words: {a: b}", r"own\.yaml: Not a list"),
        ("skip_words: [bitte, true]", r"own\.yaml: .*skip_words: expected a list of texts"),
        (
            "intents: {A: {data: [{sentences: ['a {b}']}]}}",
            r'intent A: "a \{b\}": list \{b\} does not',
        ),
        ("intents: {A: {data: [{sentences: ['a <b>']}]}}", 'intent A: "a <b>": rule <b> does not'),
        (
            "expansion_rules: {b: 'c <b>'}\nintents: {A: {data: [{sentences: ['<b>']}]}}",
            "rule <b> refers to itself",
        ),
        ("intents: {A: {data: [{sentences: [a]}]}}", "intent A has no response: add responses"),
        ("responses: {intents: {A: {default: 5}}}", r"own\.yaml: responses: intents: A: expected"),
        ("responses: {intents: 5}", r"own\.yaml: responses: expected a table"),
        ("words: {declined: 5}", r"words: expected text, got .*declined"),
    ],
)
async def test_an_invalid_file_is_named(tmp_path: Path, content: str, problem: str) -> None:
    (tmp_path / "own.yaml").write_text(content)
    with pytest.raises(EngineFailed, match=problem) as caught:
        await ask(tmp_path, "hello")
    assert "\n" not in str(caught.value)


async def test_a_response_with_an_unknown_placeholder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "intents: {A: {data: [{sentences: [ahoy]}]}}\nresponses: {intents: {A: {default: '{x}'}}}"
    )
    with pytest.raises(EngineFailed, match='response default of intent A: there is no "x"'):
        await ask(tmp_path, "ahoy")


def test_unreadable_files_are_reported(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="nowhere is not a folder"):
        load("en", tmp_path / "nowhere")
    (tmp_path / "own.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EngineFailed, match=r"own\.yaml cannot be read"):
        load("en", tmp_path)


def test_a_language_without_sentences_is_reported(tmp_path: Path) -> None:
    (tmp_path / "nds.yaml").write_text("language: nds\n")
    with pytest.raises(ModelMissing, match='no sentences for language "nds"'):
        load("nds", tmp_path)
    assert "en" in languages()
    assert base_language("pt_BR") == "pt"
