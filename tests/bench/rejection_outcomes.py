"""What becomes of an utterance: the built-in brain's reply to what was heard, judged.

The reply to the spoken text is the expected one: an utterance that is no command expects nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import msgspec

from satellite.homeassistant.client.words import words_of
from satellite.listening.stop_phrases import plain
from satellite.settings import USUAL_AREAS, USUAL_NAMES
from satellite.values import (
    Action,
    Declined,
    Message,
    ReplyPart,
    ReplyRequest,
    Situation,
    TimerState,
)
from servers.asr.sphinx.confidence import THRESHOLD
from servers.intents import choices
from servers.intents.sentences import Sentences, load
from servers.llm.intents import answer
from tests.bench.rejection_ears import EARS, Heard
from tests.bench.rejection_sounds import Case, sound, spoken

VERDICTS = ("done", "after question", "rejected", "wrong answer", "wrong action")
"""The command was done, at once or after the answer to a question back; nothing was done; something
else was said; something else was done. For speech that is no command, "rejected" is right."""

SITUATION = Situation(
    now="2026-11-20T10:25:00+01:00",
    timers=(TimerState(id="1", total=600, remaining=300),),
    volume=0.4,
    home=True,
)
"""A timer runs and a home is connected, so that commands for them have actions."""

NO_ANSWER = "never mind"
"""Said to a question about two words neither of which was said."""

QUESTIONS = 2
"""Questions that a person answers about one request."""

Parts = tuple[ReplyPart, ...]


class Outcome(msgspec.Struct, frozen=True):
    case: Case
    expected: Parts
    """The reply to the spoken text; empty if that is no command."""
    heard: tuple[Heard, ...]
    """The utterance, then the answers to questions back."""
    replies: tuple[Parts, ...]
    """The brain's reply to each; empty to no text."""

    def verdict(self, threshold: float = THRESHOLD) -> str:
        """Return one of `VERDICTS`; texts below the confidence `threshold` are rejected."""
        replies = [
            reply if heard.confidence >= threshold else ()
            for heard, reply in zip(self.heard, self.replies, strict=True)
        ]
        for number, reply in enumerate(replies):
            if _asks(reply):
                continue
            if not reply or isinstance(reply[0], Declined) or _dismisses(reply):
                return "rejected" if reply != self.expected or not reply else "done"
            if _deeds(reply) == _deeds(self.expected):
                return "after question" if number else "done"
            return "wrong action" if any(map(_acts, reply)) else "wrong answer"
        return "rejected"


@cache
def _english() -> Sentences:
    return load("en")


def play(ear: str, case: Case) -> Outcome:
    """Recognize an utterance, and the answers to the brain's questions about it."""
    recognize = EARS[ear]
    text = case.text
    expected = _reply(Heard(text, math.inf)) if text else ()
    if expected and isinstance(expected[0], Declined):
        expected = ()
    heard = [recognize(sound(case), ())]
    replies = [_reply(heard[0])]
    while _asks(replies[-1]) and len(heard) <= QUESTIONS:
        choice = _choice(heard[0], replies[0])
        again = spoken(case, answer_to(choice, text, case.number + len(heard), expected))
        answers = _answers(replies[-1])
        heard.append(recognize(again, answers))
        replies.append(_reply(heard[-1], [h.text for h in heard[:-1]], replies))
    return Outcome(case, expected, tuple(heard), tuple(replies))


def _choice(heard: Heard, reply: Parts) -> choices.Choice:
    """Return the choice that a question back asks for."""
    question = next(part for part in reply if isinstance(part, str))
    found = choices.find(heard.text, _english())
    return found or next(filter(None, [choices.asked(heard.text, question, _english())]))


def answer_to(choice: choices.Choice, text: str, number: int, expected: Parts = ()) -> str:
    """Return the answer of a person who said `text`, in the way `number`.

    `expected` is the reply to that text: a number may be written in figures.
    """
    right = next((word for word in (choice.first, choice.second) if word in text.split()), None)
    for word in (choice.first, choice.second):
        same = expected and _reply(Heard(choice.with_word(word), math.inf)) == expected
        right = word if right is None and same else right
    if right is None:
        return NO_ANSWER
    place = "the first" if right == choice.first else "the second"
    words = choice.with_word(right).split()
    unit = next((after for word, after in pairwise(words) if word == right), "").strip(".")
    return (place, right, f"{right} {unit}".strip(), f"{place} one")[number % 4]


def _reply(heard: Heard, earlier: Sequence[str] = (), replies: Sequence[Parts] = ()) -> Parts:
    if not heard.text:
        return ()
    history: list[Message] = []
    for line, parts in zip(earlier, replies, strict=False):
        said = " ".join(part for part in parts if isinstance(part, str))
        history += [Message(role="user", text=line), Message(role="assistant", text=said)]
    request = ReplyRequest(
        text=heard.text,
        alternatives=heard.alternatives,
        situation=_situation(),
        history=tuple(history),
    )
    return answer(_english(), request)


def _situation() -> Situation:
    return msgspec.structs.replace(SITUATION, names=USUAL_NAMES, areas=USUAL_AREAS)


def _asks(reply: Parts) -> bool:
    return any(isinstance(part, Action) and part.name == "listen" for part in reply)


def _answers(reply: Parts) -> tuple[str, ...]:
    """Return the answers that the brain expects to its question."""
    asking = next(p for p in reply if isinstance(p, Action) and p.name == "listen")
    return tuple(asking.data.get("answers", ()))


def _deeds(reply: Parts) -> list[object]:
    """Return what a reply does and says, however its request was written.

    "The light" and "the lights" are the same things to `search` of the client for Home Assistant,
    and a delayed command is repeated as it was heard: "Turn on the lights."
    """
    words = words_of("en")
    deeds: list[object] = []
    for part in reply:
        data = part.data if isinstance(part, Action) else {}
        if kinds := words.kinds(str(data.get("name", ""))):
            data = {**data, "name": kinds, "target": None}
        name = part.name if isinstance(part, Action) else plain(str(part))
        deeds.append((name, {key: _plainly(value) for key, value in data.items()}))
    return deeds


def _plainly(value: object) -> object:
    return plain(value) if isinstance(value, str) else value


def _dismisses(reply: Parts) -> bool:
    """Return whether nothing comes of a reply: "never mind"."""
    return reply == (Action(name="cancel"),)


def _acts(part: ReplyPart) -> bool:
    """Return whether a part does something: what asks for a state is said only."""
    return isinstance(part, Action) and part.name != "home.ask"
