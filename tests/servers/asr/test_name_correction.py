"""Names that a text nearly contains."""

from __future__ import annotations

import pytest

from servers.asr.name_correction import near_names, only_names_differ

NAMES = ("nursery", "Hue lamp", "bathroom", "Küche")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Turn on the light in the nursary.", ("nursery",)),
        ("Turn on the hulamp", ("Hue lamp",)),
        ("Licht in der Kuche an", ("Küche",)),
        ("Turn on the light in the nursery.", ()),
        ("What is the capital of Germany?", ()),
        ("Turn on the light in the room.", ()),
        ("", ()),
    ],
)
def test_only_names_that_are_nearly_in_the_text_are_found(text: str, found: tuple[str]) -> None:
    assert near_names(text, NAMES) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Какая температура в спальне?", ()),
        ("Включи свет в гостиной", ()),
        ("światło w kuchni", ()),
        ("światło w salonie", ()),
        ("Включи свет: ростиная", ("гостиная",)),
        ("światło w guchni", ("kuchnia",)),
    ],
)
def test_another_case_of_a_name_is_not_misheard(text: str, found: tuple[str]) -> None:
    names = ("спальня", "гостиная", "kuchnia", "salon")
    assert near_names(text, names, endings=3) == found


ASIAN = ("卫生间", "客厅", "书房", "厨房", "台灯", "窗帘", "リビング", "エアコン", "寝室", "ห้องครัว")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("打开卫生见的灯", ("卫生间",)),
        ("窗户开着吗", ()),
        ("打开客厅的窗帘", ()),
        ("打开书房的窗帘", ()),
        ("打开书方的窗帘", ()),
        ("リビンクの電気をつけて", ("リビング",)),
        ("りびんぐのでんきをつけて", ("リビング",)),
        ("えあこをつけて", ("エアコン",)),
        ("リビングのエアコンをつけて", ()),
        ("新室の温度は何度ですか", ()),
        ("เปิดไฟในห้องคัว", ("ห้องครัว",)),
        ("现在几点了", ()),
    ],
)
def test_names_in_scripts_without_spaces_are_found(text: str, found: tuple[str]) -> None:
    assert near_names(text, ASIAN) == found


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("打开卫生见的灯", "打开卫生间的灯。", True),
        ("打开卫生见的灯", "打开卫生间", False),
        ("打开窗帘", "打开客厅的窗帘", False),
        ("把灯打开", "把台灯打开", False),
        ("窗户开着吗", "窗帘开着吗", False),
        ("りびんぐの電気をつけて", "リビングの電気をつけて。", True),
        ("今何時ですか", "寝室今何時ですか", False),
    ],
)
def test_a_second_text_without_spaces_may_differ_only_in_a_name(
    before: str, after: str, same: bool
) -> None:
    assert only_names_differ(before, after, ASIAN) is same


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("light in the nursary", "Light in the nursery.", True),
        ("turn on the hulamp", "turn on the Hue lamp", True),
        ("turn on the hugh lamp", "turn on the Hue lamp", True),
        ("light in the nursary", "nursery light in the nursery", False),
        ("light in the nursary", "nursery", False),
        ("light in the nursary", "bathroom in the nursery", False),
        ("what time is it", "bathroom what time is it", False),
        ("what time is it", "What time is it?", False),
    ],
)
def test_a_second_text_may_differ_only_in_a_name(before: str, after: str, same: bool) -> None:
    assert only_names_differ(before, after, NAMES) is same
