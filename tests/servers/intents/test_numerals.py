"""Numbers in words that are characters: Chinese and Japanese."""

from __future__ import annotations

from functools import cache

import pytest

from servers.intents.sentences import Sentences, load
from servers.intents.skills import SKILLS
from servers.intents.spelling import Spelling

CHINESE = {
    "numerals": {
        "digits": dict(
            zip("零一二两三四五六七八九", (0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)
        ),
        "units": {"十": 10, "百": 100, "千": 1000, "万": 10000},
        "short": True,
    }
}


@cache
def sentences(language: str) -> Sentences:
    return load(language, understood=SKILLS)


@pytest.mark.parametrize(
    ("written", "figures"),
    [
        *[("一千", "1000"), ("两千零五", "2005"), ("一千零五十", "1050"), ("三千八", "3800")],
        *[
            ("一千二百三十四", "1234"),
            ("一万", "10000"),
            ("一万二", "12000"),
            ("十二万三千", "123000"),
        ],
        *[("九百九十九", "九百九十九"), ("三百", "三百"), ("千", "千"), ("一二三千", "一二三千")],
        ("加一千二百加", "加1200加"),
    ],
)
def test_numbers_above_999_are_written_in_figures(written: str, figures: str) -> None:
    assert Spelling.make(CHINESE).apply(written) == figures


@pytest.mark.parametrize(
    ("language", "text", "slots"),
    [
        ("zh", "一千二百加三百等于多少", {"first": 1200, "operation": "plus", "second": 300}),
        ("zh", "设置一个一千二百秒的定时器", {"seconds": 1200}),
        ("zh-TW", "設定一個一千兩百秒的計時器", {"seconds": 1200}),
        ("ja", "千五百秒のタイマー", {"seconds": 1500}),
    ],
)
def test_a_request_with_a_large_number_is_understood(
    language: str, text: str, slots: dict[str, object]
) -> None:
    found = sentences(language).match(text, (), ())
    assert found is not None
    assert found.slots == slots


@pytest.mark.parametrize("item", ["一千零一夜", "千层面", "九百九十九朵玫瑰"])
def test_a_name_with_a_number_in_it_stays_as_it_is_written(item: str) -> None:
    found = sentences("zh").match(f"把{item}加到购物清单", (), ())
    assert found is not None
    assert found.slots["item"] == item
