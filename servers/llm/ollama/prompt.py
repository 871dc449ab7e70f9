"""What a model is told: who it is, what was said, and how things stand now.

Ollama keeps what it has computed for the beginning of a prompt, up to the first token that differs.
So what stays the same comes first, and facts that change stand at the very end, beside what the
person just said. They are no system message: many templates put all of these at the front.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from satellite.values import Message, ReplyRequest, Situation

ChatMessage = dict[str, Any]
"""As Ollama's interface has it: `role`, `content`, and what belongs to tools."""

PERSONA = (
    "You are the voice assistant of a home. What you write is spoken aloud: answer in one to three "
    "short sentences of plain words, without Markdown, lists, emoji or links, in the language of "
    "the person. Where a tool can do what is asked, call it; never say that something was done "
    "unless a tool said so. Say so when you do not know something."
)
"""The system prompt where the user has not written one."""

_NAMES = 100
"""Things that are named to the model: some hundred tokens; a tool tells of all of them."""

_FACTS = "What stands in brackets at the end is from the device, not from the person."


def system(persona: str, situation: Situation) -> ChatMessage:
    """The first message: the same for every request of one assistant of a satellite."""
    lines = [(situation.persona or persona).strip() or PERSONA, _FACTS]
    if situation.home and situation.names:
        lines.append(f"Things in the home: {', '.join(situation.names[:_NAMES])}.")
    if situation.home and situation.areas:
        lines.append(f"Rooms: {', '.join(situation.areas)}.")
    return {"role": "system", "content": "\n".join(map(clean, lines))}


def history(messages: tuple[Message, ...]) -> list[ChatMessage]:
    """What was said before, as it was said."""
    return [
        {"role": "assistant" if said.role == "assistant" else "user", "content": clean(said.text)}
        for said in messages
        if said.text.strip()
    ]


def newest(request: ReplyRequest) -> ChatMessage:
    """What the person says now, and how things stand."""
    facts = " ".join(_facts(request))
    text = clean(request.text.strip())
    return {"role": "user", "content": f"{text}\n[{clean(facts)}]" if facts else text}


def clean(text: str) -> str:
    """Text that can be sent: halves of characters, which no JSON holds, are replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _facts(request: ReplyRequest) -> Iterator[str]:
    situation = request.situation
    yield f"Now: {_moment(situation.now)}."
    if situation.area:
        yield f"Room: {situation.area}."
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
            return now  # whatever a stranger's satellite calls its time
    return moment.strftime("%A %Y-%m-%d %H:%M")
