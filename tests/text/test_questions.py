"""A question is known by its end, in any language."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from satellite.languages.text_rules import text_rules
from satellite.text.questions import is_question

SHARED = Path(__file__).parents[2].parent / "shared/speech/languages/questions.json"


@pytest.mark.parametrize(
    ("text", "language", "asks"),
    [
        ("Which one?", "en", True),
        ("Which one? ", "en", True),
        ("*Which one?*", "en", True),
        ("(Really?)", "en", True),
        ("Which one? The first.", "en", False),
        ("It is five; ", "en", False),
        ("„Welche Lampe?“", "de", True),
        ("»Welche Lampe?«", "de", True),
        ("« Quelle lampe ? »", "fr", True),
        ("¿Cuál?", "es", True),
        ("哪一个？」", "zh", True),
        ("『どれ？』", "ja", True),
        ("どれにしますか。", "ja", True),
        ("「どれにしますか。」", "ja", True),
        ("そうです。", "ja", False),
        ("要继续吗", "zh", True),
        ("好了。", "zh", False),
        ("外面还在下雨呢。", "zh", False),
        ("明日は晴れるでしょう。", "ja", False),
        ("Ποια λάμπα;", "el", True),
        ("Ποια λάμπα;»", "en", True),
        ("Ո՞ր լամպը։", "hy", True),
        ("Ո՞ր լամպը։ Լավ։", "hy", False),
        ("أي مصباح؟", "ar", True),
        ("የትኛው መብራት፧", "am", True),
        ("", "en", False),
    ],
)
def test_questions(text: str, language: str, asks: bool) -> None:
    assert is_question(text, text_rules(language)) is asks


@pytest.mark.skipif(not SHARED.is_file(), reason="needs the questions beside the repository")
def test_the_reviewed_questions() -> None:
    for text, asks in json.loads(SHARED.read_text(encoding="utf-8")):
        assert is_question(text, text_rules()) is asks
