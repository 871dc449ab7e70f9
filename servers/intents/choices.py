"""Choices between two words that the recognizer could not distinguish.

PocketSphinx writes both into its text, Whisper another text beside its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import pairwise

import msgspec

from satellite.languages.pack import ENGLISH
from satellite.text.fill import fill
from servers.intents.jsgf import number_words
from servers.intents.sentences import Sentences

FIRST, SECOND = "ChooseFirst", "ChooseSecond"
"""Intents of answers by place: "the first"."""

ASK = "ask"
"""Key of the response that asks which of the two it was."""

_LONGEST_ANSWER = 3
"""Words of the longest answer with nothing but the chosen word: "fifteen minutes please"."""

_ENGLISH = frozenset(word for number in range(101) for word in number_words(number).split())
"""The words of numbers that the recognizer of English distinguishes."""

_TOKEN = re.compile(r"\d+(?:[:.,]\d+)*|[^\W\d_]+")
"""A number in figures, such as "6:15", or a word."""


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


def numbers(sentences: Sentences) -> frozenset[str]:
    """Return the numbers in words that may be taken for each other."""
    pairs = frozenset(word for pair in sentences.confusable for word in pair)
    return pairs | _ENGLISH if sentences.language.startswith(ENGLISH) else pairs


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """Return the words and numbers of texts, in small letters."""
    return frozenset(word for text in texts for word in _TOKEN.findall(text.lower()))


def is_number(word: str, sentences: Sentences) -> bool:
    """Return whether a word is a number in figures, or one of `numbers`."""
    return word[0].isdecimal() or word in numbers(sentences)


def between(
    text: str, other: str, sentences: Sentences, things: frozenset[str] = frozenset()
) -> Choice | None:
    """Return the choice between two texts if they differ in one number, or word of `things`.

    "Lamp" and "lamps" leave no choice: people do not distinguish them when they are asked.
    """
    places = list(_TOKEN.finditer(text))
    others = _TOKEN.findall(other)
    if len(places) != len(others):
        return None
    differing = [
        (place, found)
        for place, found in zip(places, others, strict=True)
        if place[0].casefold() != found.casefold()
    ]
    if len(differing) != 1:
        return None
    ((place, second),) = differing
    words = (place[0].lower(), second.lower())
    both_named = things.issuperset(words) and not words[0].startswith(words[1])
    if all(is_number(word, sentences) for word in words) or (
        both_named and not words[1].startswith(words[0])
    ):
        return _choice(text, place, place[0], second)
    return None


def asked(text: str, question: str, sentences: Sentences) -> Choice | None:
    """Return the choice that a question asks about a text, which has one of its words only."""
    form = sentences.phrases.all(FIRST).get(ASK, "")
    before, _, rest = form.partition("{first}")
    middle, _, after = rest.partition("{second}")
    # of an answer that was interrupted, only the sentences that were heard are known
    pattern = "(.+?)".join(map(re.escape, (before, middle, after[:1])))
    if not after or not (words := re.match(pattern, question)):
        return None
    first, second = words.groups()
    return in_text(text, first, second)


def in_text(text: str, first: str, second: str) -> Choice | None:
    """Return the choice between two words for the first place of a text that has one of them."""
    places = (place for place in _TOKEN.finditer(text) if place[0] in (first, second))
    return next((_choice(text, place, first, second) for place in places), None)


def _choice(text: str, place: re.Match[str], first: str, second: str) -> Choice:
    """Return the choice of two words for one place of a text."""
    both = f"{first} / {second}"
    return Choice(text[: place.start()] + both + text[place.end() :], both, first, second)


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


def answered(
    text: str, choice: Choice, same: Callable[[str, str], bool] = lambda word, other: word == other
) -> str | None:
    """Return the word of a choice that an answer consists of, if it names one of the two.

    `same` returns whether the request is the same with one word and another: "40" and "forty".
    """
    words = _TOKEN.findall(text.lower())
    named = [
        word
        for word in (choice.first, choice.second)
        if any(same(word.lower(), other) for other in words)
    ]
    return named[0] if len(named) == 1 and len(words) <= _LONGEST_ANSWER else None
