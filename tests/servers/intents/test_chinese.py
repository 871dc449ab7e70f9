"""Chinese: scripts, text without blanks, days of its calendar, and days beyond tomorrow."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

import pytest

from satellite.errors import EngineFailed
from satellite.values import AlarmState, ReplyRequest, Situation
from servers.intents.match import Match
from servers.intents.sentences import Sentences, load
from servers.intents.skills import SKILLS, alarm_times
from servers.intents.spelling import Characters, Rewrite, Spelling

NOW = datetime(2026, 11, 29, 17, 30)
"""A Sunday."""


@cache
def chinese() -> Sentences:
    return load("zh")


def match(text: str, names: tuple[str, ...] = ("灯",), areas: tuple[str, ...] = ("客厅",)) -> Match:
    found = chinese().match(text, names, areas)
    assert found is not None, text
    return found


def answer(text: str, alarms: tuple[AlarmState, ...] = ()) -> str:
    situation = Situation(now=NOW.isoformat(), alarms=alarms)
    request = ReplyRequest(text=text, situation=situation)
    found = match(text)
    return str(SKILLS[found.intent](found, request, chinese().phrases)[0])


def test_characters_are_replaced_before_the_rules() -> None:
    spelling = Spelling([Rewrite("开", "on")], Characters(written="開 燈", meant="开\n灯"))
    assert spelling.apply("開燈") == "on灯"
    assert spelling.characters("開燈") == "开灯"


def test_unequal_numbers_of_characters_are_reported() -> None:
    with pytest.raises(EngineFailed, match="2 characters cannot become 1"):
        Spelling([], Characters(written="開燈", meant="开"))


@pytest.mark.parametrize("name", ["客廳燈", "客厅灯"])
@pytest.mark.parametrize("text", ["打开客厅灯", "打開客廳燈", "把客厅灯打开。", "請 打開 客廳燈"])
def test_a_name_is_understood_in_either_script(name: str, text: str) -> None:
    assert match(text, (name,), ()).slots == {"name": name}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("卧室灯1", "打开卧室灯一"),
        ("卧室灯1", "打开卧室灯1"),
        ("空调2号", "打开空调二号"),
        ("灯 3", "打开灯三"),
        ("客厅 吊灯", "打开客厅吊灯"),
        ("Apple TV", "打开 apple tv"),
        ("小米-台灯", "打开小米台灯"),
    ],
)
def test_figures_and_blanks_in_a_name_are_said_without(name: str, text: str) -> None:
    assert match(text, (name,), ()).slots == {"name": name}


def test_words_for_a_kind_are_passed_on_in_their_script() -> None:
    assert match("打開窗簾").slots == {"name": "窗簾"}
    assert match("設一個十分鐘的披薩計時器").slots == {"minutes": 10, "name": "披薩"}


def test_a_text_is_passed_on_in_the_script_that_it_was_written_in() -> None:
    assert match("提醒我明天八點開會。").slots["text"] == "開會"
    assert match("半小时后提醒我看一下烤箱，还有汤").slots["text"] == "看一下烤箱，还有汤"


def test_a_long_text_of_one_character_is_matched_in_time() -> None:
    assert match("提醒我" + "开" * 200).intent == "SetReminder"


def test_a_wildcard_does_not_swallow_words_without_blanks() -> None:
    assert chinese().match("设置一个不要五分钟的定时器", (), ()) is None
    assert match("设置一个四十分钟的烤红薯定时器").slots == {"minutes": 40, "name": "烤红薯"}


def test_days_of_the_lunar_calendar_are_counted() -> None:
    assert answer("离春节还有几天") == "离2月6日还有69天。"
    assert answer("中秋节是几月几号") == "是9月15日，星期三。"


def test_days_of_the_next_week_are_counted_from_monday() -> None:
    assert answer("下周五是几号") == "是12月4日，星期五。"


def test_a_negative_number_is_written_without_a_blank() -> None:
    assert answer("三减八等于几") == "等于负5。"


def test_the_day_after_tomorrow_is_named() -> None:
    assert answer("后天几号") == "后天是12月1日，星期二。"
    assert answer("前天是星期几") == "前天是11月27日，星期五。"


@pytest.mark.parametrize(
    ("text", "day", "spoken"),
    [
        ("后天早上八点叫我", date(2026, 12, 1), "星期二早上8点"),
        ("下周日早上八点叫我", date(2026, 12, 6), "下星期日早上8点"),
        ("下周三下午三点叫我", date(2026, 12, 2), "星期三下午3点"),
        ("今晚十二点叫我", date(2026, 11, 30), "明天凌晨0点"),
        ("中午十二点半叫我", date(2026, 11, 30), "明天中午12点30分"),
        ("晚上八点零五分叫我", date(2026, 11, 29), "今天晚上8点05分"),
    ],
)
def test_the_day_of_an_alarm_is_understood_and_said(text: str, day: date, spoken: str) -> None:
    alarm = alarm_times.resolve(match(text).slots, NOW)
    assert alarm is not None
    assert alarm.date == day
    assert alarm_times.in_words(alarm, NOW, chinese().phrases) == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("取消明天早上七点的闹钟", "明天早上7点的闹钟取消了。"),
        ("取消明天的闹钟", "明天早上7点的闹钟取消了。"),
        ("取消周三早上七点的闹钟", "星期三早上7点的闹钟取消了。"),
        ("取消周四早上七点的闹钟", "没有早上7点的闹钟。"),
        ("取消周四的闹钟", "没有闹钟。"),
        ("取消周六的闹钟", "周末上午9点的闹钟取消了。"),
        ("取消周末的闹钟", "周末上午9点的闹钟取消了。"),
    ],
)
def test_an_alarm_is_cancelled_by_its_day(text: str, spoken: str) -> None:
    alarms = (
        AlarmState(id="1", at="2026-11-30T07:00:00"),
        AlarmState(id="2", at="2026-12-02T07:00:00"),
        AlarmState(id="3", at="2026-12-05T09:00:00", days=(5, 6)),
    )
    assert answer(text, alarms=alarms) == spoken
