"""Text in scripts with and without spaces."""

from __future__ import annotations

import pytest

from servers.asr.scripts import is_spaceless, joined, units


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("打开客厅的灯，TV 好。", ["打", "开", "客", "厅", "的", "灯", "tv", "好"]),
        ("サーバー々！", ["サ", "ー", "バ", "ー", "々"]),
        ("ในห้อง", ["ใ", "น", "ห้", "อ", "ง"]),
        ("Turn on, the 2 hulamps.", ["turn", "on", "the", "2", "hulamps"]),
        ("버스를 타요", ["버스를", "타요"]),
        ("„Öffne“ …", ["öffne"]),
        ("", []),
    ],
)
def test_units_are_words_and_characters(text: str, found: list[str]) -> None:
    assert units(text) == found


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        (["打开灯。", "关上窗帘"], "打开灯。关上窗帘"),
        (["リビング", "TV", "です"], "リビングTVです"),
        (["เปิดไฟ", "ปิดไฟ"], "เปิดไฟปิดไฟ"),
        (["Turn on the lamp.", "", "And open"], "Turn on the lamp. And open"),
        (["버스를", "타요"], "버스를 타요"),
        ([], ""),
    ],
)
def test_texts_are_joined_as_their_script_is_written(texts: list[str], whole: str) -> None:
    assert joined(texts) == whole


def test_georgian_and_korean_have_spaces() -> None:
    assert not any(map(is_spaceless, "aяა한 1"))
    assert all(map(is_spaceless, "灯のกမ。，"))
