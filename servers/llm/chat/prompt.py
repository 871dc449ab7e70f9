"""The prompt: system message, conversation, and the newest request with the current facts.

Ollama caches its computation for the beginning of a prompt, up to the first token that differs.
Constant text therefore comes first, and changing facts come last, with the newest request. They are
no system message, since many templates move all of these to the front. In the history, each request
has the facts that it was sent with.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from satellite.values import ReplyRequest, Situation
from servers.llm.chat.client import ChatMessage

DEFAULT_SYSTEM = (
    "You are the voice assistant of a home. What you write is spoken aloud: answer in one to three "
    "short sentences of plain words, without Markdown, lists, emoji or links, in the language of "
    "the person. Where a tool can do what is asked, call it; never say that something was done "
    "unless a tool said so. Say so when you do not know something."
)
"""The system prompt without the option `system`."""

_NAMES = 100
"""Most names of entities in the prompt: some hundred tokens; a tool lists all of them."""

_NOW = "Now:"
_FACTS = "What stands in brackets at the end is from the device, not from the person."


def system_message(system: str, situation: Situation) -> ChatMessage:
    """Return the first message, which is constant for one assistant of a satellite."""
    lines = [(situation.persona or system).strip() or DEFAULT_SYSTEM, _FACTS]
    if situation.home and situation.names:
        lines.append(f"Things in the home: {', '.join(situation.names[:_NAMES])}.")
    if situation.home and situation.areas:
        lines.append(f"Rooms: {', '.join(situation.areas)}.")
    return {"role": "system", "content": "\n".join(map(encodable, lines))}


def history_messages(request: ReplyRequest, facts: Sequence[str]) -> list[ChatMessage]:
    """Return the earlier messages, each with its `facts`."""
    return [
        {"role": "assistant", "content": encodable(message.text)}
        if message.role == "assistant"
        else from_user(message.text, known)
        for message, known in zip(request.history, facts, strict=True)
        if message.text.strip()
    ]


def user_message(request: ReplyRequest) -> ChatMessage:
    """Return the newest request with all current facts."""
    return from_user(request.text, " ".join(facts_of(request)))


def facts_of(request: ReplyRequest) -> tuple[str, ...]:
    """Return the facts that are known at a request; the time is the first one."""
    return tuple(_facts(request))


def new_facts(facts: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    """Return those facts that a conversation lacks which has the `known` ones.

    All of them where one other than the time has changed: a timer that is gone shows only so.
    """
    if not known or facts[1:] != known[1:]:
        return facts
    if facts[:1] == known[:1]:
        return ()
    (day, _, time), (known_day, _, _) = (now.rpartition(" ") for now in (facts[0], known[0]))
    return (f"{_NOW} {time}",) if day == known_day != _NOW else facts


def from_user(text: str, facts: str) -> ChatMessage:
    written = encodable(text.strip())
    return {"role": "user", "content": f"{written}\n[{encodable(facts)}]" if facts else written}


def encodable(text: str) -> str:
    """Return the text with lone surrogates replaced, which UTF-8 cannot encode."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _facts(request: ReplyRequest) -> Iterator[str]:
    situation = request.situation
    yield f"{_NOW} {_moment(situation.now)}."
    if situation.area:
        yield f"Room: {situation.area}."
    if situation.speaker:
        yield f"Speaker: {situation.speaker}."
    if request.language:
        yield f"Language: {request.language}."
    if situation.volume is not None:
        yield f"Volume: {round(situation.volume * 100)} percent."
    for timer in situation.timers:
        name = f" {timer.name}" if timer.name else ""
        yield f"Timer{name}: {round(timer.remaining)} of {round(timer.total)} seconds left."
    if situation.ringing:
        yield "A timer is ringing."


def _moment(now: str | None) -> str:
    if now is None:
        moment = datetime.datetime.now().astimezone()
    else:
        try:
            moment = datetime.datetime.fromisoformat(now)
        except ValueError:
            return now  # the time in another client's format
    return moment.strftime("%A %Y-%m-%d %H:%M")
