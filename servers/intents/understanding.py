"""What a request asks for, as far as it is known what was said."""

from __future__ import annotations

from itertools import permutations

from satellite.values import ReplyRequest
from servers.intents import choices
from servers.intents.choices import Choice
from servers.intents.match import Match
from servers.intents.sentences import Sentences

_ASKED = 2
"""Requests and answers that a choice between two words may come from."""

_DOUBTFUL = 3
"""Other texts, at least, that make a name a guess of the recognizer if none of them has it. There
are as many as that where a word was understood badly."""
_OF_HOME = "Hass"
"""How the intents begin whose `name` is a thing of the home."""


class Understanding:
    """One request: its text, others that may have been said instead, and what was asked before."""

    def __init__(
        self,
        sentences: Sentences,
        request: ReplyRequest,
        names: tuple[str, ...],
        areas: tuple[str, ...],
    ) -> None:
        """`names` and `areas` are those of the home."""
        self._sentences = sentences
        self._request = request
        self._home = (names, areas)
        self._things = choices.words_of((*names, *areas))

    def found(self) -> Match | Choice | None:
        """Return the sentence that was said, or the choice that has to be made first.

        None if it is neither, nor any other text that sounds like it.
        """
        text = self._request.text
        match, pending = self._match(text), self._pending()
        if pending is not None:
            words = self._answers(pending, match)
            if len(words) > 1:
                return pending
            if words:
                return self._match(pending.with_word(words[0]))
        if match is None:
            return self._left_open(pending) or self._nearly()
        if choice := self._other_word(text, match) or self._other_number(text, match):
            return choice
        return None if self._is_guess(text, match) else match

    def _match(self, text: str) -> Match | None:
        return self._sentences.match(text, *self._home)

    def _pending(self) -> Choice | None:
        """Return the choice that the last request left open, or the one before it and an answer."""
        for text, reply in reversed(self._exchanges()[-_ASKED:]):
            choice = choices.find(text, self._sentences)
            choice = choice or choices.asked(text, reply, self._sentences)
            if choice is None or self._match(choice.with_word(choice.first)):
                return choice
        return None

    def _exchanges(self) -> list[tuple[str, str]]:
        """Return what was said before, each with the reply to it, which may be empty."""
        found: list[tuple[str, str]] = []
        for message in self._request.history:
            if message.role == "user":
                found.append((message.text, ""))
            elif found:
                found[-1] = (found[-1][0], message.text)
        return found

    def _answers(self, pending: Choice, match: Match | None) -> tuple[str, ...]:
        """Return the words of an open choice that may have been chosen; `match` is the text's."""
        if match is not None:
            word = {choices.FIRST: pending.first, choices.SECOND: pending.second}.get(match.intent)
            return () if word is None else (word,)

        def same(word: str, other: str) -> bool:
            if word == other:
                return True
            found = self._match(pending.with_word(word))
            return found is not None and found == self._match(pending.with_word(other))

        texts = (self._request.text, *self._request.alternatives)
        first, *others = (choices.answered(text, pending, same) for text in texts)
        if first is None:
            return ()
        return tuple(dict.fromkeys([first, *filter(None, others)]))

    def _left_open(self, pending: Choice | None) -> Choice | None:
        """Return the choice between two words that are both in the text."""
        choice = choices.find(self._request.text, self._sentences)
        if choice and pending and {choice.first, choice.second} == {pending.first, pending.second}:
            choice = pending  # the answer left open what was asked
        return choice if choice and self._match(choice.with_word(choice.first)) else None

    def _other_word(self, text: str, match: Match) -> Choice | None:
        """Return the choice between a text and another with another number, thing or room."""
        for other in self._request.alternatives:
            choice = choices.between(text, other, self._sentences, self._things)
            if choice and (found := self._match(other)) and found != match:
                return choice
        return None

    def _other_number(self, text: str, match: Match) -> Choice | None:
        """Return the choice between a number of a text and the one that others have in its place.

        Neither of those needs to be a sentence: "bim the light to 4%" and "bim the light to 40%".
        """
        texts = (self._request.text, *self._request.alternatives)
        for written, other in permutations(texts, 2):
            found = choices.between(written, other, self._sentences)
            choice = found and choices.in_text(text, found.first, found.second)
            if choice and self._match(choice.with_word(choice.second)) not in (None, match):
                return choice
        return None

    def _is_guess(self, text: str, match: Match) -> bool:
        """Return whether the text has a word of a thing or a room that no other text has."""
        others = [choices.words_of([other]) for other in self._request.alternatives]
        if len(others) < _DOUBTFUL:
            return False
        things = self._things
        name = match.slots.get("name")
        if match.intent.startswith(_OF_HOME) and isinstance(name, str):
            things |= choices.words_of([name])
        return any(
            not any(_is_same(word, found) for words in others for found in words)
            for word in things & choices.words_of([text])
        )

    def _guessed(self, match: Match, words: frozenset[str]) -> bool:
        """Return whether one of `words` is a number, a thing, a room, or in a value of a match."""
        values = choices.words_of(value for value in match.slots.values() if isinstance(value, str))
        return any(
            word in values or word in self._things or choices.is_number(word, self._sentences)
            for word in words
        )

    def _nearly(self) -> Match | None:
        """Return the sentence that sounds like the text, if it is the only one that does.

        Numbers, things and rooms are taken from the text alone: where a word was not understood,
        one of those that the home knows is only the nearest. A number that others have otherwise is
        not guessed, either: an answer to a question would not show the rest of the sentence.
        """
        found = [match for text in self._request.alternatives if (match := self._match(text))]
        if not found or any(match != found[0] for match in found):
            return None
        known = choices.words_of([self._request.text])
        for text in self._request.alternatives:
            match = self._match(text)
            if match is not None and not self._guessed(match, choices.words_of([text]) - known):
                return None if self._other_number(text, match) else match
        return None


def _is_same(word: str, other: str) -> bool:
    """Return whether two words are the same but for an ending: "lamp" and "lamps"."""
    return word.startswith(other) or other.startswith(word)
