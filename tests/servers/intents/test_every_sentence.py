"""Every template, in many variants, is matched to its own intent."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hassil.expression import Alternative, Group, ListReference, RuleReference, TextChunk
from hassil.intents import RangeSlotList, TextSlotList, WildcardSlotList

from satellite.settings import USUAL_AREAS, USUAL_NAMES
from tests.servers.intents.number_words import in_words
from tests.servers.llm.built_in_engine import english

TIMES = 12
"""Variants of each template; the seed is fixed, so that failures are reproducible."""


class Speaker:
    """Writes out a template with random choices."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lists = english().lists(USUAL_NAMES, USUAL_AREAS)
        self._rules = english().intents.expansion_rules

    def say(self, item: Any) -> str:
        if isinstance(item, TextChunk):
            return item.original_text
        if isinstance(item, Alternative):
            return self.say(self._random.choice(item.items))
        if isinstance(item, Group):
            return "".join(self.say(part) for part in item.items)
        if isinstance(item, RuleReference):
            return self.say(self._rules[item.rule_name].expression)
        assert isinstance(item, ListReference)
        values = self._lists[item.list_name]
        if isinstance(values, RangeSlotList):
            number = self._random.choice(range(values.start, values.stop + 1, values.step))
            return in_words(number) if values.words and self._random.random() < 0.7 else str(number)
        if isinstance(values, TextSlotList):
            return self.say(self._random.choice(values.values).text_in)
        assert isinstance(values, WildcardSlotList)
        return "turn on the lamp" if item.list_name == "any_command" else "sourdough"


@pytest.mark.parametrize("intent", sorted(english().intents.intents))
def test_every_sentence_is_understood(intent: str) -> None:
    wrong = []
    for number, (name, sentence) in enumerate(english().templates()):
        if name == intent:
            for turn in range(TIMES):
                text = " ".join(Speaker(1000 * number + turn).say(sentence.expression).split())
                match = english().match(text, USUAL_NAMES, USUAL_AREAS)
                if match is None or match.intent != intent:
                    wrong.append((sentence.text, text, match))
    assert not wrong
