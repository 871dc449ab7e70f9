"""A Chinese and a Japanese home: whole requests, from the sentence to the report of the result."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from satellite.homeassistant.client.home import Home
from satellite.values import Action, ReplyRequest, Situation
from servers.intents.sentences import load
from servers.llm.intents import answer
from tests.support.connected_home import FakeHome, connected, fake_home, until


def chinese_home() -> FakeHome:
    fake = FakeHome()
    living, bedroom = fake.room("客厅"), fake.room("卧室")
    study, garage = fake.room("书房"), fake.room("车库")
    fake.add("light.ceiling", "吊灯", area=living)
    fake.add("light.floor", "落地灯", "on", area=living)
    fake.add("light.desk", "台灯", area=study)
    fake.add("cover.study", "书房窗帘", "open", area=study, device_class="curtain")
    fake.add("cover.garage", "车库门", "closed", area=garage, device_class="garage")
    fake.add("lock.front", "前门", "locked")
    fake.add("binary_sensor.window", "窗户", "on", area=bedroom, device_class="window")
    fake.add("climate.bedroom", "空调", "cool", area=bedroom, current_temperature=24.5)
    fake.add("media_player.tv", "电视", area=living, device_class="tv")
    fake.add("scene.movie", "电影模式", "unknown")
    return fake


def japanese_home() -> FakeHome:
    fake = FakeHome()
    living, bedroom = fake.room("リビング"), fake.room("寝室")
    garage = fake.room("ガレージ")
    fake.add("light.ceiling", "シーリングライト", area=living)
    fake.add("light.floor", "フロアランプ", "on", area=living)
    fake.add("cover.bedroom", "寝室のカーテン", "open", area=bedroom, device_class="curtain")
    fake.add("cover.garage", "ガレージ", "closed", area=garage, device_class="garage")
    fake.add("lock.front", "玄関の鍵", "locked")
    fake.add("binary_sensor.window", "窓", "on", area=bedroom, device_class="window")
    fake.add("climate.bedroom", "エアコン", "cool", area=bedroom, current_temperature=24.5)
    fake.add("media_player.tv", "テレビ", area=living, device_class="tv")
    return fake


HOMES = {"zh": chinese_home, "zh-TW": chinese_home, "ja": japanese_home}


@pytest_asyncio.fixture
async def house(tmp_path: Path, language: str) -> AsyncGenerator[tuple[FakeHome, Home, str], None]:
    async with fake_home(HOMES[language]()) as fake, connected(tmp_path, fake) as home:
        await until(lambda: len(home.contents.entities) >= 8)
        yield fake, home, language


async def reply(home: Home, language: str, text: str, area: str | None) -> str:
    """Return what is said after a request in a room."""
    situation = Situation(
        home=True,
        area=area,
        names=home.contents.names_in(language),
        areas=home.contents.areas,
    )
    request = ReplyRequest(text=text, language=language, situation=situation)
    parts = answer(load(language), request)
    assert len(parts) == 1, parts
    assert isinstance(parts[0], Action), parts
    return await home.perform(parts[0], area)


@pytest.mark.parametrize(
    ("language", "text", "touched", "spoken"),
    [
        ("zh", "打开客厅的灯", {"light.ceiling", "light.floor"}, "客厅的灯打开了。"),
        ("zh", "打開客廳的燈", {"light.ceiling", "light.floor"}, "客厅的灯打开了。"),
        ("zh", "开灯", {"light.ceiling", "light.floor"}, "灯打开了。"),
        ("zh", "把台灯打开", {"light.desk"}, "台灯打开了。"),
        ("zh", "关掉所有的灯", {"light.ceiling", "light.floor", "light.desk"}, "所有的灯关了。"),
        ("zh", "关上书房的窗帘", {"cover.study"}, "正在关上书房的窗帘。"),
        ("zh", "打开车库门", {"cover.garage"}, "正在打开车库门。"),
        ("zh", "把前门的锁打开", {"lock.front"}, "前门的锁打开了。"),
        ("zh", "把空调调到26度", {"climate.bedroom"}, "空调调到26度了。"),
        ("zh", "台灯调到百分之三十", {"light.desk"}, "台灯调到30%了。"),
        ("zh", "把台灯调成红色", {"light.desk"}, "台灯调成红色了。"),
        ("zh", "启动电影模式", {"scene.movie"}, "电影模式打开了。"),
        ("zh", "打开厨房的灯", set(), None),
        ("zh", "窗户开着吗", set(), "对，窗户开着。"),
        ("zh", "车库门开着吗", set(), "没有，车库门关着。"),
        ("zh", "前门锁了吗", set(), "对，前门锁着。"),
        ("zh", "哪些灯开着", set(), "落地灯。"),
        ("zh", "还有灯没关吗", set(), "有：落地灯。"),
        ("zh", "卧室的温度是多少", set(), "卧室现在24.5度。"),
        ("zh-TW", "打開客廳的燈", {"light.ceiling", "light.floor"}, "客厅的燈打開了。"),
        ("zh-TW", "把台燈打開", {"light.desk"}, "台灯打開了。"),
        ("zh-TW", "窗戶開著嗎", set(), "對，窗户開著。"),
        ("ja", "リビングの電気をつけて", {"light.ceiling", "light.floor"},
         "リビングの電気をつけました。"),
        ("ja", "電気を消して", {"light.ceiling", "light.floor"}, "電気を消しました。"),
        ("ja", "フロアランプを消して", {"light.floor"}, "フロアランプを消しました。"),
        ("ja", "寝室のカーテンを閉めてください", {"cover.bedroom"}, "寝室のカーテンを閉めます。"),
        ("ja", "ガレージを開けて", {"cover.garage"}, "ガレージを開けます。"),
        ("ja", "玄関の鍵を開けて", {"lock.front"}, "玄関の鍵のロックを解除しました。"),
        ("ja", "エアコンを26度にして", {"climate.bedroom"}, "エアコンを26度にしました。"),
        ("ja", "窓は開いていますか", set(), "はい、窓は開いている状態です。"),
        ("ja", "玄関の鍵は閉まってる？", set(), "はい、玄関の鍵はロックされている状態です。"),
        ("ja", "どの電気がついてる？", set(), "フロアランプです。"),
        ("ja", "寝室の温度は", set(), "寝室は24.5度です。"),
    ],
)  # fmt: skip
async def test_requests_are_done_and_reported(
    house: Any, text: str, touched: set[str], spoken: str | None
) -> None:
    fake, home, language = house
    if spoken is None:
        assert (
            load(language).match(text, home.contents.names_in(language), home.contents.areas)
            is None
        )
        return
    area = "リビング" if language == "ja" else "客厅"
    assert await reply(home, language, text, area) == spoken
    assert {id_ for *_, called in fake.called for id_ in called} == touched
