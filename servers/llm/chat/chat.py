"""Answers requests with a model, calling tools in between.

Tool calls are not constrained by a JSON schema of the tools (Ollama's `format`), neither at first
nor when a model has named a tool that does not exist. Measured by `tests.bench.tools` with
Qwen2.5-Coder 0.5B and 40 requests: constrained calls are always valid, which makes 12 instead of 9
right, and 27 instead of 10 wrong. A small model that does not know what to call then sets a
temperature, while a call that it invents does nothing and is answered by an error.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from satellite.errors import AnswerBroken, EngineError, EngineFailed
from satellite.ports import EngineContext, ExternalTool
from satellite.tools import Tool
from satellite.turns.own_sentences import own_sentences
from satellite.values import Declined, ReplyPart, ReplyRequest
from servers.llm.chat import external_calls, prompt
from servers.llm.chat.client import ChatClient, ChatMessage, ChatOptions, ToolCall, Unsupported
from servers.llm.chat.newest_request import newest_request
from servers.llm.chat.outcome import Answer, Outcome
from servers.llm.chat.reasoning import HoldTimes, hold_time
from servers.llm.chat.sent_facts import SentFacts
from servers.llm.chat.spoken_stream import SpokenStream
from servers.llm.chat.tool_names import canonical
from servers.llm.chat.toolbox import Toolbox, ToolResult, log_text
from servers.llm.chat.trimming import TokenMeter, fit_prompt, prompt_length

_LOGGER = logging.getLogger(__name__)

LONGEST_ANSWER = 100_000
"""Characters of one answer: two hours of speech, and more than any model writes."""

CALLS = 8
"""Most tool calls in one answer; more are a mistake of the model."""

_ENOUGH = " (No more tools now: answer in words.)"
"""Appended to the results of the last round of tool calls."""


class Chat:
    """Answers requests with a model. Stores no text of a conversation."""

    def __init__(
        self,
        client: ChatClient,
        options: ChatOptions,
        tools: Sequence[Tool],
        context: EngineContext,
    ) -> None:
        self._client = client
        self._options = options
        self._tools = tools
        self._context = context
        self._meters: dict[str, TokenMeter] = {}
        self._toolless: set[str] = set()
        self._holds = HoldTimes()
        self._sent = SentFacts()
        self._left_out: tuple[str, ...] = ()
        if context.tools is not None and options.tool_rounds:
            context.tools.start()

    async def load_model(self) -> None:
        """Load the model into memory. Cancelling this may make its server start over."""
        await self._hold(self._options.model)
        await self._client.load(self._options.model)

    async def warm_up(self) -> None:
        """Compute the common beginning of all prompts. May be cancelled at any time."""
        request = ReplyRequest(text=".")
        model = self._options.model
        messages = [
            prompt.system_message(self._options.system, request.situation),
            prompt.user_message(request),
        ]
        box, answer = await self._box(request), Answer()
        async with aclosing(self._ask(model, messages, box, answer, longest=1)) as texts:
            async for _ in texts:
                pass

    async def reply(
        self, request: ReplyRequest, *, ahead: bool = False
    ) -> AsyncGenerator[ReplyPart, None]:
        """Yield the answer's text, and the actions of tools; `ahead` without calling any.

        The results of tools are the answer where the model adds none of its own. `Declined` if
        there are none either, in words that say so. Raises `EngineError`s; ahead, also where the
        model calls a tool.
        """
        model = request.model or self._options.model
        answered, outcome = False, Outcome()
        rounds = self._rounds(model, request, outcome, ahead)
        try:
            async with aclosing(rounds):
                async for part in rounds:
                    answered = answered or (isinstance(part, str) and bool(part.strip()))
                    yield part
        except EngineError as error:
            if answered or not outcome.summary:
                raise
            _LOGGER.warning("answering with the results of tools: %s", error)
        if answered and not outcome.cut:
            return
        if outcome.summary:
            yield f" {outcome.summary}" if answered else outcome.summary
            return
        _LOGGER.warning("%s:%s answered nothing that can be spoken", self._client.name, model)
        language = request.language or next(iter(self._options.languages), None)
        own = await asyncio.to_thread(own_sentences, language)
        # what was announced and not done is taken back
        yield f" {own.no_answer}" if answered else Declined(text=own.no_answer)

    async def _rounds(
        self, model: str, request: ReplyRequest, outcome: Outcome, ahead: bool
    ) -> AsyncGenerator[ReplyPart, None]:
        """Ask the model and call its tools, until an answer calls none."""
        box = await self._box(request)
        earlier = self._sent.of_history(request)
        history = prompt.history_messages(request, [sent.text for sent in earlier])
        newest, facts = newest_request(
            request, earlier, lambda last: self._fit(model, request, history, [last], box)
        )
        self._sent.remember(request, facts)
        latest = [newest]
        spoken = again = False
        done: dict[str, ToolResult] = {}
        for left in range(self._options.tool_rounds, -1, -1):
            answer = Answer()
            messages = self._fit(model, request, history, latest, box)
            acted = set(done)  # in earlier rounds; what was done is not done again
            gap = " " if spoken else ""  # between the texts before and after a tool
            asked = self._ask(model, messages, box, answer, offered=left > 0)
            async with aclosing(outcome.without_echoes(asked)) as texts:
                async for text in texts:
                    yield gap + text
                    gap, spoken = "", True
            outcome.cut = answer.cut
            if not answer.calls or (not left and gap != " " and spoken):
                return
            if not self._may_call(model, left, ahead):
                return
            keys = [_key(call) for call in answer.calls]
            repeats = acted.issuperset(keys)
            if repeats and again:  # a small model that repeats itself adds nothing more
                return
            again = repeats
            latest.append(answer.message())
            for number, (key, call) in enumerate(zip(keys, answer.calls, strict=True)):
                repeated = key in acted
                for note in () if repeated else box.notes(call.name):
                    yield note
                result = done[key] if repeated else await self._call(box, call, request, number)
                outcome.results.append(result)
                for action in () if repeated else result.actions:
                    yield action
                if result.final:
                    done[key] = result
                enough = _ENOUGH if left == 1 or repeated else ""
                content = prompt.encodable(result.text) + enough
                latest.append({"role": "tool", "tool_name": call.name, "content": content})

    def _may_call(self, model: str, left: int, ahead: bool) -> bool:
        """Return whether tools may be called, and not too often already.

        Raises `EngineFailed` for an answer ahead. A model that only calls tools is no failure of
        its server, which other requests then would avoid.
        """
        if ahead:
            raise EngineFailed("no tool is called ahead")
        if not left:
            _LOGGER.warning(
                "%s:%s used tools %d times and gave no answer: try another model, or raise the "
                "option tool_rounds",
                *(self._client.name, model, self._options.tool_rounds),
            )
        return left > 0

    async def _box(self, request: ReplyRequest) -> Toolbox:
        home = request.situation.home
        if not self._options.tool_rounds:
            return Toolbox((), self._context, home=home)
        external = await self._external()
        return Toolbox(self._tools, self._context, home=home, external=external)

    async def _external(self) -> Sequence[ExternalTool]:
        """Return the tools of other programs that fit into the prompt; log once which do not."""
        if self._context.tools is None:
            return ()
        offered = await self._context.tools.offered()
        fitting = external_calls.fitting(offered, self._options.prompt_tokens)
        left_out = tuple(tool.name for tool in offered[len(fitting) :])
        if left_out and left_out != self._left_out:
            _LOGGER.warning(
                "%s: the context has no room for the tools %s: allow fewer, or raise %s",
                *(self._client.name, ", ".join(left_out), self._options.context_option),
            )
        self._left_out = left_out
        return fitting

    def _fit(
        self,
        model: str,
        request: ReplyRequest,
        history: Sequence[ChatMessage],
        latest: Sequence[ChatMessage],
        box: Toolbox,
    ) -> list[ChatMessage]:
        return fit_prompt(
            prompt.system_message(self._options.system, request.situation),
            history,
            latest,
            self._definitions(model, box),
            self._meters.get(model) or TokenMeter(),
            self._options.prompt_tokens,
            self._options.context_option,
        )

    def _definitions(self, model: str, box: Toolbox) -> list[dict[str, Any]]:
        return [] if model in self._toolless else box.definitions()

    async def _ask(
        self,
        model: str,
        messages: Sequence[ChatMessage],
        box: Toolbox,
        answer: Answer,
        longest: int | None = None,
        *,
        offered: bool = True,
    ) -> AsyncGenerator[str, None]:
        """Yield the spoken text of one answer, and collect all of it in `answer`.

        `offered`: whether tools are offered; without them, a model that only calls tools answers
        in words. A model that does not support tools is asked again without them, now and later.
        """
        known = self._definitions(model, box)
        tools = known if offered else []
        spoken = SpokenStream(box.names if known else (), await self._hold(model))
        whole, written = False, 0
        pieces = self._client.chat(model, messages, tools=tools, longest=longest)
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    answer.add_calls(piece.calls)
                    answer.cut, whole = answer.cut or piece.cut, piece.whole
                    if piece.reasoning:
                        spoken.release()
                    written += len(piece.text)
                    self._check_length(model, written)
                    if text := spoken.push(piece.text):
                        answer.text += text
                        yield text
                    if piece.prompt_tokens is not None:
                        self._learn(model, prompt_length(messages, tools), piece.prompt_tokens)
        except Unsupported as error:
            if error.what != "tools" or not tools:
                raise
            _LOGGER.warning("%s: asking without them", error)
            self._toolless.add(model)
            async with aclosing(self._ask(model, messages, box, answer, longest)) as texts:
                async for text in texts:
                    yield text
            return
        if text := self._end(model, spoken, answer, whole):
            answer.text += text
            yield text

    def _end(self, model: str, spoken: SpokenStream, answer: Answer, whole: bool) -> str:
        """Add the calls of an answer that has ended; return its last text."""
        text = spoken.flush(cut=not whole)
        answer.add_written(spoken.calls)
        answer.cut = answer.cut or spoken.cut
        if answer.cut:
            _LOGGER.warning(
                "%s:%s: a tool call is not done, as the answer ended in its middle: raise the "
                "number of tokens of the longest answer",
                *(self._client.name, model),
            )
        if answer.text or text or spoken.lone:
            self._holds.learn(model, lone=spoken.lone, whole=whole)
        return text

    def _check_length(self, model: str, written: int) -> None:
        if written > LONGEST_ANSWER:
            raise AnswerBroken(
                f"{self._client.name}: {model} answers without end: more than "
                f"{LONGEST_ANSWER:,} characters"
            )

    async def _hold(self, model: str) -> float:
        """Return the seconds for which text of a model is held back (see `reasoning`)."""
        if (known := self._holds.get(model)) is not None:
            return known
        try:
            card = await self._client.show(model)
        except EngineError as error:  # the answer meets the same problem, or none
            _LOGGER.debug("no description of %s: %s", model, error)
            return hold_time(model, None)
        self._holds.set(model, hold_time(model, card))
        return hold_time(model, card)

    def _learn(self, model: str, characters: int, tokens: int) -> None:
        meter = self._meters.setdefault(model, TokenMeter())
        meter.learn(characters, tokens, self._options.num_ctx)

    async def _call(
        self, box: Toolbox, call: ToolCall, request: ReplyRequest, number: int
    ) -> ToolResult:
        if number >= CALLS:
            return ToolResult(f"Error: at most {CALLS} tools can be called at once", failed=True)
        result = await box.call(call.name, call.arguments, request)
        _LOGGER.info("tool %s %s: %s", call.name, log_text(call.arguments), result.text)
        return result


def _key(call: ToolCall) -> str:
    """Return what two calls have in common that do the same."""
    return f"{canonical(call.name)} {json.dumps(call.arguments, default=str, sort_keys=True)}"
