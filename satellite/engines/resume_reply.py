"""The continuation of an answer whose engine failed in the middle of it."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

import msgspec

from satellite.text.rules import TextRules
from satellite.text.sentence_splitter import SentenceSplitter
from satellite.values import TOOL_USED, Action, Message, ReplyPart, ReplyRequest

GO_ON = (
    "Your answer broke off. Continue it exactly where it stopped: begin with the very next "
    "sentence, and repeat nothing of what you have said."
)
"""The prompt for another llm that ends an answer whose beginning has been spoken."""
ALIKE = 0.8
"""Share of equal words from which two sentences are the same, as with a time that is a minute later
by now."""

_WORD = re.compile(r"\w+")


class SpokenSoFar:
    """The parts of an answer so far."""

    def __init__(self, rules: TextRules | None = None) -> None:
        """`rules` are those by which the answer is split to be spoken."""
        self.rules = rules
        self.sentences: list[str] = []
        """The sentences from before the present engine began."""
        self._pieces: list[str] = []
        self._actions: list[Action] = []
        self._early = True

    @property
    def anything(self) -> bool:
        """Whether there is a text or an action."""
        return bool(self.sentences or self._pieces or self._actions)

    @property
    def used_tools(self) -> bool:
        """Whether a tool with an effect was called, which must not be called again."""
        return any(action.name == TOOL_USED for action in self._actions)

    def add(self, part: ReplyPart) -> None:
        """Add a part of the answer."""
        if isinstance(part, Action):
            self._actions.append(part)
        elif isinstance(part, str):
            self._pieces.append(part)

    def did(self, action: Action) -> bool:
        """Return whether the answer contains an action already."""
        return action in self._actions

    def cut(self) -> str:
        """Drop the last, incomplete sentence, which has not been spoken; return the remaining text.

        Sentences are those that `SentenceSplitter` finds in the same pieces; of a first sentence,
        a clause may have been spoken.
        """
        splitter, self._early = SentenceSplitter(self.rules, early=self._early), False
        for piece in self._pieces:
            self.sentences += splitter.push(piece)
        self._pieces.clear()
        return "".join(f"{sentence} " for sentence in self.sentences)

    def continuation(self, request: ReplyRequest) -> ReplyRequest:
        """Return the request for the rest of the answer, for an llm that gets the history."""
        history = (
            *request.history,
            Message(role="user", text=request.text),
            Message(role="assistant", text=" ".join(self.sentences)),
        )
        return msgspec.structs.replace(request, text=GO_ON, history=history)


class Repeats:
    """Leaves out the sentences at the start of a text that were spoken before."""

    def __init__(self, spoken: list[str], rules: TextRules | None = None) -> None:
        self._spoken = [_words(sentence) for sentence in (*spoken, " ".join(spoken[:2]))]
        """The first sentence may have been spoken in two parts."""
        self._splitter: SentenceSplitter | None = SentenceSplitter(rules) if spoken else None

    def push(self, text: str) -> str:
        """Add text; return the new part of it and of the text held back before."""
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
        """End the text; return the part held back."""
        if self._splitter is None:
            return ""
        sentences, self._splitter = self._splitter.flush(), None
        return " ".join(text for text in sentences if not self._known(text))

    def _known(self, sentence: str) -> bool:
        words = _words(sentence)
        return any(
            words == spoken
            or (len(words) > 2 and SequenceMatcher(None, words, spoken).ratio() >= ALIKE)
            for spoken in self._spoken
        )


def _words(sentence: str) -> list[str]:
    return _WORD.findall(sentence.casefold())
