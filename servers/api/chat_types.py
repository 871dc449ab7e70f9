"""The types of `POST /v1/chat/completions`, as far as this server uses them.

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from satellite.http.api.route import ModelName
from satellite.values import Message
from servers.api.openai_errors import Unsupported

LONGEST = 32_000
"""Characters of one message; more than the context of most local models."""

Text = Annotated[str, msgspec.Meta(max_length=LONGEST)]


class Part(msgspec.Struct, frozen=True):
    """A part of a message; only texts are understood."""

    type: str
    text: Text = ""


class ChatMessage(msgspec.Struct, frozen=True):
    """A message of the conversation."""

    role: str
    content: Text | tuple[Part, ...] | None = None
    tool_calls: Any = None


class StreamOptions(msgspec.Struct, frozen=True):
    """How to stream."""

    include_usage: bool = False


class ChatRequest(msgspec.Struct, frozen=True):
    """A conversation to go on with.

    Parameters of sampling, such as `temperature` and `max_tokens`, are the engine's own; those of a
    request have no effect. Tools, images and several answers are refused.
    """

    messages: Annotated[tuple[ChatMessage, ...], msgspec.Meta(min_length=1, max_length=200)]
    model: ModelName = ""
    stream: bool = False
    stream_options: StreamOptions | None = None
    stop: Text | tuple[Text, ...] | None = None
    n: int | None = None
    tools: Any = None
    tool_choice: Any = None
    functions: Any = None
    response_format: Any = None
    logprobs: bool | None = None
    modalities: Any = None


class Delta(msgspec.Struct, frozen=True, omit_defaults=True):
    """What comes next."""

    role: str | None = None
    content: str | None = None


class ChunkChoice(msgspec.Struct, frozen=True):
    """A piece of the answer."""

    delta: Delta
    finish_reason: str | None = None
    index: int = 0


class ChatChunk(msgspec.Struct, frozen=True):
    """A piece of an answer that is streamed."""

    id: str
    created: int
    model: str
    choices: tuple[ChunkChoice, ...]
    object: str = "chat.completion.chunk"


class AnswerMessage(msgspec.Struct, frozen=True):
    """The answer."""

    content: str
    role: str = "assistant"
    refusal: str | None = None


class Choice(msgspec.Struct, frozen=True):
    """The one answer of a request."""

    message: AnswerMessage
    finish_reason: str = "stop"
    index: int = 0
    logprobs: None = None


class ChatAnswer(msgspec.Struct, frozen=True):
    """A whole answer. Tokens are not counted, so that there is no `usage`."""

    id: str
    created: int
    model: str
    choices: tuple[Choice, ...]
    object: str = "chat.completion"


def check(asked: ChatRequest) -> None:
    """Raise `Unsupported` for a parameter that would change the answer and has no effect here."""
    if asked.tools and asked.tool_choice != "none":
        raise Unsupported(
            "tools",
            "tools of clients are not supported: the engines here call the tools of this house "
            "themselves; leave `tools` out, or set tool_choice to none",
        )
    if asked.functions:
        raise Unsupported("functions", "functions are not supported: leave `functions` out")
    if asked.n not in (None, 1):
        raise Unsupported("n", "n: there is one answer to a request")
    if asked.logprobs:
        raise Unsupported("logprobs", "logprobs: the engines here do not report any")
    kind = asked.response_format.get("type") if isinstance(asked.response_format, dict) else None
    if kind not in (None, "text"):
        raise Unsupported(
            "response_format", "response_format: answers are text; leave it out, or set type: text"
        )
    if asked.modalities and asked.modalities != ["text"]:
        raise Unsupported("modalities", "modalities: answers are text; see /v1/audio/speech")


def text_of(message: ChatMessage, place: int) -> str:
    """Return the text of a message. Raises `Unsupported` for another one."""
    if isinstance(message.content, str):
        return message.content
    for part in message.content or ():
        if part.type not in ("text", "input_text", "output_text", "refusal"):
            raise Unsupported(
                f"messages[{place}].content",
                f"messages[{place}] has a part of type {part.type[:40]}: only texts are understood",
            )
    return "\n".join(part.text for part in message.content or ())


def split(asked: ChatRequest) -> tuple[str, tuple[Message, ...], str]:
    """Return the system prompt, the conversation so far, and the newest text of the person.

    Raises `Unsupported`.
    """
    system: list[str] = []
    spoken: list[Message] = []
    for place, message in enumerate(asked.messages):
        text = text_of(message, place)
        if message.role in ("system", "developer"):
            system.append(text)
        elif message.role in ("user", "assistant") and not message.tool_calls:
            spoken.append(Message(role=message.role, text=text))
        else:
            raise Unsupported(
                f"messages[{place}].role",
                f"messages[{place}] is of {message.role[:40]} or calls tools: only messages of "
                "system, developer, user and assistant with texts are understood",
            )
    if not spoken or spoken[-1].role != "user":
        raise Unsupported("messages", "messages: the last one must be of the user")
    return "\n\n".join(system), tuple(spoken[:-1]), spoken[-1].text
