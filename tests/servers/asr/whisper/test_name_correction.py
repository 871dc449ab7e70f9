"""Names that a text nearly contains."""

from __future__ import annotations

import pytest

from servers.asr.whisper.name_correction import near_names, only_names_differ

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
