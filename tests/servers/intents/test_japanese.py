"""Japanese: polite forms, ways of writing, answers in its order of words."""

from __future__ import annotations

from functools import cache

import pytest

from satellite.values import ReplyRequest, Situation, TimerState
from servers.intents.sentences import Sentences, load
from servers.llm.intents import answer

NOW = "2026-11-29T15:05:00"
"""A Sunday."""


@cache
def japanese() -> Sentences:
    return load("ja")


def said(text: str, **situation: object) -> str:
    request = ReplyRequest(text=text, situation=Situation(now=NOW, **situation))  # type: ignore[arg-type]
    return str(answer(japanese(), request)[0])


@pytest.mark.parametrize(
    "text",
    [
        "リビングの電気をつけて",
        "リビングの電気つけて。",
        "リビングの電気を付けてください",
        "リビングの電気をつけてくれますか？",
        "リビングの電気を点けてもらえる？",
        "すみません、リビングの電気をつけておいて",
        "リビングのライトをオンにして",
    ],
)
def test_every_form_of_a_request_is_understood(text: str) -> None:
    match = japanese().match(text, ("電気",), ("リビング",))
    assert match is not None
    assert match.intent == "HassTurnOn"
    assert match.slots["area"] == "リビング"


@pytest.mark.parametrize(
    "text",
    ["電気をつけないで", "電気をつけないでください", "電気をつけた", "電気をつけてはいけない"],
)
def test_a_negation_and_the_past_are_declined(text: str) -> None:
    assert japanese().match(text, ("電気",), ("リビング",)) is None


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("今何時ですか", "午後3時5分です。"),
        ("今日は何日？", "今日は11月29日、日曜日です。"),
        ("明後日は何曜日", "明後日は12月1日、火曜日です。"),
        ("クリスマスまであと何日", "12月25日まで、あと26日です。"),
        ("15かける12は", "180です。"),
        ("五分のタイマー", "5分のタイマーを開始します。"),
        ("一時間半のタイマーをお願いします", "1時間30分のタイマーを開始します。"),
        ("明日の朝7時に起こして", "明日の午前7時にアラームをセットしました。"),
        ("今夜12時に起こして", "明日の午前0時にアラームをセットしました。"),
        ("来週の土曜日の10時に起こして", "土曜日の午前10時にアラームをセットしました。"),
        ("平日の七時半に起こして", "平日の午前7時30分にアラームをセットしました。"),
        ("アラームは何時", "アラームはセットされていません。"),
        ("電気をつけて", "電気をつけられません。スマートホームにつながっていません。"),
    ],
)
def test_answers_are_in_japanese(text: str, spoken: str) -> None:
    assert said(text) == spoken


def test_timers_are_listed() -> None:
    timers = (
        TimerState(id="1", name="ピザ", total=600, remaining=200),
        TimerState(id="2", total=300, remaining=61),
    )
    assert said("タイマーはいくつある", timers=timers) == (
        "タイマーは2個あります。ピザのタイマーはあと3分20秒、5分のタイマーはあと1分1秒です。"
    )
