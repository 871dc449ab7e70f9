"""Choices between two words that the recognizer could not distinguish."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from satellite.text.fill import fill
from servers.intents.sentences import Sentences

FIRST, SECOND = "ChooseFirst", "ChooseSecond"
"""Intents of answers by place: "the first"."""

_LONGEST_ANSWER = 3
"""Words of the longest answer with nothing but the chosen word: "fifteen minutes please"."""


class Choice(msgspec.Struct, frozen=True):
    """A request in which one of two words was said."""

    text: str
    """The request, with both words: "set a timer for fifteen or fifty minutes"."""
    both: str
    first: str
    second: str

    def with_word(self, word: str) -> str:
        """Return the request with one word in place of both."""
        return self.text.replace(self.both, word, 1)


def write(text: str, first: str, second: str, form: str) -> str:
    """Return a text whose word `first` may have been `second`, in the language's `form`."""
    both = fill(form, first=first, second=second)
    return " ".join(both if word == first else word for word in text.split())


def find(text: str, sentences: Sentences) -> Choice | None:
    """Return the choice that a request leaves open."""
    text = " ".join(text.lower().split())
    for pair in sentences.confusable:
        for first, second in (pair, pair[::-1]):
            both = fill(sentences.phrases.words.choice, first=first, second=second)
            if f" {both} " in f" {text} ":
                return Choice(text, both, first, second)
    return None


def answers(choice: Choice, sentences: Sentences) -> tuple[str, ...]:
    """Return the answers that a choice expects: either word, its place, or the whole request."""
    places = (
        text
        for intent in (FIRST, SECOND)
        for name, template in sentences.templates()
        if name == intent
        for text in sentences.samples(template)
    )
    words = choice.with_word(choice.first).split()
    unit = next((after for word, after in pairwise(words) if word == choice.first), None)
    named = [
        text
        for word in (choice.first, choice.second)
        for text in (word, f"{word} {unit}" if unit else word, choice.with_word(word))
    ]
    return tuple(dict.fromkeys((*places, *named)))


def answered(text: str, choice: Choice) -> str | None:
    """Return the word of a choice that an answer consists of, if it names one of the two."""
    words = text.lower().strip(" .!?").split()
    named = [word for word in (choice.first, choice.second) if word in words]
    return named[0] if len(named) == 1 and len(words) <= _LONGEST_ANSWER else None
