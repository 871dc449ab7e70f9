"""The newest request with the facts that its conversation does not have yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from satellite.values import ReplyRequest
from servers.llm.chat import prompt
from servers.llm.chat.client import ChatMessage
from servers.llm.chat.sent_facts import Sent


def newest_request(
    request: ReplyRequest,
    earlier: Sequence[Sent],
    fit: Callable[[ChatMessage], Sequence[ChatMessage]],
) -> tuple[ChatMessage, Sent]:
    """Return the message of a request, and the facts that it has.

    Args:
        request: The request.
        earlier: Facts of each message of its history.
        fit: Returns the prompt with a message, whose history may have been shortened.
    """
    whole = prompt.facts_of(request)
    known = next((sent.whole for sent in reversed(earlier) if sent.whole), ())
    text = " ".join(prompt.new_facts(whole, known))
    messages = zip(reversed(request.history), reversed(earlier), strict=True)
    base = next(
        (prompt.from_user(m.text, sent.text) for m, sent in messages if sent.complete), None
    )
    message = prompt.from_user(request.text, text)
    if base is None or base not in fit(message):  # the facts were in a message that is left out
        text = " ".join(whole)
        message = prompt.from_user(request.text, text)
    return message, Sent(text, whole)
