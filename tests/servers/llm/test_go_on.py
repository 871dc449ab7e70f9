"""The engine `intents` cannot resume the reply of another engine."""

from __future__ import annotations

from contextlib import aclosing

from satellite.components import spec
from satellite.engines.resume_reply import GO_ON
from satellite.values import Declined, Message, ReplyRequest


async def test_the_built_in_engine_declines_to_resume_a_reply() -> None:
    brain = spec.create("llm", "intents")
    await brain.load()
    try:
        history = (
            Message(role="user", text="what time is it"),
            Message(role="assistant", text="It is seven."),
        )
        async with aclosing(brain.reply(ReplyRequest(text=GO_ON, history=history))) as parts:
            (part,) = [part async for part in parts]
        assert isinstance(part, Declined)
    finally:
        await brain.close()
