"""What the packs say about hearing their languages."""

from __future__ import annotations

import pytest

from satellite.languages import pack
from satellite.languages.hearing import Hearing, hearing, phantoms, written


@pytest.mark.parametrize("code", pack.installed())
def test_each_pack_has_phrases_that_are_not_stop_words(code: str) -> None:
    found = pack.pack(code).read("hearing", Hearing)
    assert found.phantoms
    assert not {*found.stop_words} & {*found.phantoms, *found.polite_phantoms}
    assert phantoms().never_said >= {*found.phantoms}


def test_a_language_without_a_pack_has_no_prompt() -> None:
    assert hearing("tlh") == hearing(None) == Hearing()


def test_chinese_is_written_in_the_script_of_its_region() -> None:
    mixed = "打开客廳的燈，10分鐘後打開书房的窗帘"
    assert written("zh", mixed) == written("zh-CN", mixed) == "打开客厅的灯，10分钟后打开书房的窗帘"
    assert written("zh-TW", mixed) == "打開客廳的燈，10分鐘後打開書房的窗簾"
    assert written("zh-Hant-HK", "开") == "開"
    assert (
        written("ja", "開")
        == written("de", "開")
        == written("tlh", "開")
        == written(None, "開")
        == "開"
    )


@pytest.mark.parametrize("language", ["zh", "zh-TW"])
def test_a_written_text_stays_as_it_is(language: str) -> None:
    every = "".join(map(chr, range(0x3400, 0xA000)))
    once = written(language, every)
    assert len(once) == len(every)
    assert written(language, once) == once
