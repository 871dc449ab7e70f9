"""A model that answers, using tools in between."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from satellite.errors import EngineError, EngineFailed
from satellite.tools import Tool
from satellite.values import ReplyPart, ReplyRequest
from servers.llm.ollama import prompt
from servers.llm.ollama.client import Call, OllamaClient
from servers.llm.ollama.errors import Unsupported
from servers.llm.ollama.options import OllamaOptions
from servers.llm.ollama.prompt import ChatMessage
from servers.llm.ollama.spoken_stream import SpokenStream
from servers.llm.ollama.toolbox import Result, Toolbox, shown
from servers.llm.ollama.trimming import TokenMeter, fit, length

_LOGGER = logging.getLogger(__name__)

CALLS = 8
"""Tools that may be called at once; more of them are a model's mistake."""

_ENOUGH = " (No more tools now: answer in words.)"
"""Added to the last results that the model may have."""


class Chat:
    """Answers requests through Ollama; keeps no conversation, only what it learnt of models."""

    def __init__(self, client: OllamaClient, options: OllamaOptions, tools: Sequence[Tool]) -> None:
        self._client = client
        self._options = options
        self._tools = tools
        self._meters: dict[str, TokenMeter] = {}
        self._toolless: set[str] = set()

    async def warm_up(self) -> None:
        """Have Ollama load the model and compute the beginning that every prompt has."""
        request = ReplyRequest(text=".")
        model = self._options.model
        messages = [prompt.system(self._options.system, request.situation), prompt.newest(request)]
        answer = _Answer()
        parameters = {**self._options.parameters(), "num_predict": 1}
        async with aclosing(
            self._ask(model, messages, self._box(request), answer, parameters)
        ) as t:
            async for _ in t:
                pass

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the answer's text, and actions as tools ask for them.

        What tools have done is told in their own words where the model does not find any. Raises
        `EngineError`s; `EngineFailed` where the model answers nothing that can be spoken.
        """
        model = request.model or self._options.model
        heard, results = False, list[Result]()
        rounds = self._rounds(model, request, results)
        try:
            async with aclosing(rounds):
                async for part in rounds:
                    heard = heard or (isinstance(part, str) and bool(part.strip()))
                    yield part
        except EngineError as error:
            if heard or not _format_call(results):
                raise
            _LOGGER.warning("its tools answer for it: %s", error)
        if heard:
            return
        if not (told := _format_call(results)):
            raise EngineFailed(f"ollama:{model} answered nothing that can be spoken")
        yield told

    async def _rounds(
        self, model: str, request: ReplyRequest, results: list[Result]
    ) -> AsyncGenerator[ReplyPart, None]:
        """Ask, do what the answer asks for, and ask again, until the answer asks for nothing."""
        box = self._box(request)
        latest = [prompt.newest(request)]
        said = False
        for left in range(self._options.tool_rounds, -1, -1):
            answer = _Answer()
            messages = self._fit(model, request, latest, box)
            gap = " " if said else ""  # between what was said before a tool and after it
            async with aclosing(self._ask(model, messages, box, answer)) as texts:
                async for text in texts:
                    yield gap + text
                    gap, said = "", True
            if not answer.calls:
                return
            if not left:
                raise EngineFailed(
                    f"ollama:{model} used tools {self._options.tool_rounds} times and gave no "
                    "answer: try another model, or raise the option tool_rounds"
                )
            latest.append(answer.message())
            for number, call in enumerate(answer.calls):
                result = await self._call(box, call, request, number)
                results.append(result)
                for action in result.actions:
                    yield action
                told = prompt.clean(result.text) + (_ENOUGH if left == 1 else "")
                latest.append({"role": "tool", "tool_name": call.name, "content": told})

    def _box(self, request: ReplyRequest) -> Toolbox:
        offered = self._tools if self._options.tool_rounds else ()
        return Toolbox(offered, home=request.situation.home)

    def _fit(
        self, model: str, request: ReplyRequest, latest: Sequence[ChatMessage], box: Toolbox
    ) -> list[ChatMessage]:
        return fit(
            prompt.system(self._options.system, request.situation),
            prompt.history(request.history),
            latest,
            self._definitions(model, box),
            self._meters.get(model) or TokenMeter(),
            self._options.prompt_tokens,
        )

    def _definitions(self, model: str, box: Toolbox) -> list[dict[str, Any]]:
        return [] if model in self._toolless else box.definitions()

    async def _ask(
        self,
        model: str,
        messages: Sequence[ChatMessage],
        box: Toolbox,
        answer: _Answer,
        parameters: dict[str, Any] | None = None,
    ) -> AsyncGenerator[str, None]:
        """Yield what a person shall hear of one answer, and collect all of it in `answer`.

        A model that cannot use tools is asked again without them, and from then on.
        """
        options, tools = self._options, self._definitions(model, box)
        spoken = SpokenStream()
        pieces = self._client.chat(
            model,
            messages,
            tools=tools,
            parameters=parameters or options.parameters(),
            keep_alive=options.kept,
            think=options.thinking,
        )
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    answer.calls += piece.calls
                    if text := spoken.push(piece.text):
                        answer.text += text
                        yield text
                    if piece.prompt_tokens is not None:
                        self._learn(model, length(messages, tools), piece.prompt_tokens)
        except Unsupported as error:
            if error.what != "tools" or not tools:
                raise
            _LOGGER.warning("%s: it is asked without them", error)
            self._toolless.add(model)
            async with aclosing(self._ask(model, messages, box, answer, parameters)) as texts:
                async for text in texts:
                    yield text
            return
        if text := spoken.flush():
            answer.text += text
            yield text

    def _learn(self, model: str, characters: int, tokens: int) -> None:
        meter = self._meters.setdefault(model, TokenMeter())
        meter.learn(characters, tokens, self._options.num_ctx)

    async def _call(self, box: Toolbox, call: Call, request: ReplyRequest, number: int) -> Result:
        if number >= CALLS:
            return Result(f"Error: at most {CALLS} tools can be called at once", failed=True)
        result = await box.call(call.name, call.arguments, request)
        _LOGGER.info("tool %s %s: %s", call.name, shown(call.arguments), result.text)
        return result


def _format_call(results: Sequence[Result]) -> str:
    """What tools did, in their words, each once."""
    return " ".join(dict.fromkeys(result.text for result in results if not result.failed))


class _Answer:
    """All of one answer of the model's."""

    def __init__(self) -> None:
        self.text = ""
        self.calls: tuple[Call, ...] = ()

    def message(self) -> ChatMessage:
        """The answer as part of the prompt that follows it."""
        calls = [{"function": {"name": c.name, "arguments": dict(c.arguments)}} for c in self.calls]
        return {"role": "assistant", "content": self.text, "tool_calls": calls}
