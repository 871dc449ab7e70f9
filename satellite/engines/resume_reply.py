"""Going on with an answer whose writer died in the middle of it."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

import msgspec

from satellite.text.sentence_splitter import SentenceSplitter
from satellite.values import Action, Message, ReplyPart, ReplyRequest

GO_ON = (
    "Your answer broke off. Continue it exactly where it stopped: begin with the very next "
    "sentence, and repeat nothing of what you have said."
)
"""What another brain is told that is to end an answer of which a person has heard the beginning."""
ALIKE = 0.8
"""Sentences whose words agree to this share are the same sentence told twice, as with a time that
is a minute later by now."""

_WORD = re.compile(r"\w+")


class SpokenSoFar:
    """What an answer consists of so far."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        """Those that were told before the present writer began."""
        self._pieces: list[str] = []
        self._actions: list[Action] = []

    @property
    def anything(self) -> bool:
        """Whether a text or an action was given."""
        return bool(self.sentences or self._pieces or self._actions)

    def add(self, part: ReplyPart) -> None:
        """Take note of a part that was given."""
        if isinstance(part, Action):
            self._actions.append(part)
        elif isinstance(part, str):
            self._pieces.append(part)

    def did(self, action: Action) -> bool:
        """Whether an action was given already."""
        return action in self._actions

    def cut(self) -> str:
        """Forget what is no whole sentence, which nobody has heard; the text that is left.

        Sentences are those that whoever splits the same pieces finds.
        """
        splitter = SentenceSplitter()
        for piece in self._pieces:
            self.sentences += splitter.push(piece)
        self._pieces.clear()
        return "".join(f"{sentence} " for sentence in self.sentences)

    def continuation(self, request: ReplyRequest) -> ReplyRequest:
        """The request for the rest of the answer, to a brain that is told the conversation."""
        history = (
            *request.history,
            Message(role="user", text=request.text),
            Message(role="assistant", text=" ".join(self.sentences)),
        )
        return msgspec.structs.replace(request, text=GO_ON, history=history)


class Repeats:
    """Leaves out the sentences at the beginning of a text that were told before."""

    def __init__(self, told: list[str]) -> None:
        self._told = [_words(sentence) for sentence in told]
        self._splitter: SentenceSplitter | None = SentenceSplitter() if told else None

    def push(self, text: str) -> str:
        """Add text; return what is to be told of it, and of what was held back before."""
        if self._splitter is None:
            return text
        sentences = self._splitter.push(text)
        while sentences and self._known(sentences[0]):
            del sentences[0]
        if not sentences:
            return ""
        rest, self._splitter = self._splitter.pending, None
        return " ".join(sentences) + rest

    def flush(self) -> str:
        """The text is over: return what was held back."""
        if self._splitter is None:
            return ""
        sentences, self._splitter = self._splitter.flush(), None
        return " ".join(text for text in sentences if not self._known(text))

    def _known(self, sentence: str) -> bool:
        words = _words(sentence)
        return any(
            words == told
            or (len(words) > 2 and SequenceMatcher(None, words, told).ratio() >= ALIKE)
            for told in self._told
        )


def _words(sentence: str) -> list[str]:
    return _WORD.findall(sentence.casefold())
