"""What the packs say about hearing their languages."""

from __future__ import annotations

import pytest

from satellite.languages import pack
from satellite.languages.hearing import Hearing, hearing, phantoms


@pytest.mark.parametrize("code", pack.installed())
def test_each_pack_has_phrases_that_are_not_stop_words(code: str) -> None:
    found = pack.pack(code).read("hearing", Hearing)
    assert found.phantoms
    assert not {*found.stop_words} & {*found.phantoms, *found.polite_phantoms}
    assert phantoms().never_said >= {*found.phantoms}


def test_chinese_has_a_prompt_in_the_script_of_its_region() -> None:
    assert "话" in hearing("zh").prompt
    assert "話" not in hearing("zh-CN").prompt
    assert "話" in hearing("zh-TW").prompt or "國" in hearing("zh-TW").prompt
    assert hearing("zh-Hant").prompt == hearing("zh-HK").prompt == hearing("zh-TW").prompt


def test_a_language_without_a_pack_has_no_prompt() -> None:
    assert hearing("tlh") == hearing(None) == Hearing()
