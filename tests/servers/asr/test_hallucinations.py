"""Phrases that Whisper writes where nothing was said."""

from __future__ import annotations

import pytest

from satellite.languages import hearing
from servers.asr.hallucinations import is_hallucination, is_never_said, repeats_prompt


def test_every_listed_phrase_is_found_however_it_is_written() -> None:
    listed = hearing.phantoms()
    for phrase in listed.never_said | listed.also_said:
        assert is_hallucination(phrase), phrase
        assert is_hallucination(f" {phrase.upper()}! "), phrase
    assert all(map(is_never_said, listed.never_said))
    assert not any(map(is_never_said, listed.also_said - listed.never_said))


@pytest.mark.parametrize(
    "text",
    [
        "字幕由Amara.org社区提供",
        "字幕由 Amara.org 社区提供",
        "谢谢观看",
        "謝謝觀看!",
        "Untertitel im Auftrag des ZDF, 2021",
        "Untertitel im Auftrag des ZDF, 2018",
        "Sous-titrage ST' 501",
        "Sous-titrage Société Radio-Canada",
        "Субтитры создавал DimaTorzok",
        "字幕by索兰娅",
        "ご視聴ありがとうございました",
        "Napisy stworzone przez społeczność Amara.org",
        "Sottotitoli creati dalla comunità Amara.org",
        "Legendas pela comunidade Amara.org",
        "Subtítulos por la comunidad de Amara.org",
        "Ondertiteld door de Amara.org gemeenschap",
        "Thanks for watching! Please subscribe!",
        "Thank you. Thank you.",
    ],
)
def test_phrases_of_all_languages_are_found(text: str) -> None:
    assert is_hallucination(text)


@pytest.mark.parametrize(
    "text",
    ["打开客厅的灯", "谢谢观看电视", "Thank you, turn on the lamp.", "", "...", "Danke fürs Licht"],
)
def test_other_texts_are_none(text: str) -> None:
    assert not is_hallucination(text)


def test_most_of_a_prompt_is_the_prompt() -> None:
    prompt = "以下是普通话的句子。"
    for text in (
        prompt,
        "以下是普通话的句子",
        "以下是普通话",
        "我以下是普通话的句子。",
        "大下是普通话的句子",
    ):
        assert repeats_prompt(text, prompt)
    for text in ("", "句子", "打开客厅的灯", "普通话"):
        assert not repeats_prompt(text, prompt)
    assert not repeats_prompt("turn on the lamp", "")
