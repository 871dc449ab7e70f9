"""A model behind the built-in sentences, which answer at once what they understand."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

from satellite.engines.chain import FallbackChain
from satellite.errors import EngineFailed
from satellite.ports import AnswersAhead, EngineContext, JudgesTexts, Llm
from satellite.text.quoted import quoted
from satellite.values import Extent, ReplyPart, ReplyRequest
from servers.intents.sentence_files import has_sentences, language_of
from servers.llm.intents import Intents

_LOGGER = logging.getLogger(__name__)


class LocalFirstOptions(Protocol):
    """The options that decide about the sentences."""

    @property
    def local_first(self) -> bool:
        """Whether the sentences answer first."""
        ...

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of the model; empty for any."""
        ...


def local_first(model: Llm, options: LocalFirstOptions, context: EngineContext) -> Llm:
    """Return the model, behind the sentences where the options want them.

    In a language without sentences, the model answers everything.
    """
    if not options.local_first:
        return model
    languages = options.languages or (context.language,)
    known = [code for code in languages if has_sentences(language_of(code))]
    for code in languages:
        if code not in known:
            _LOGGER.info(
                "there are no built-in sentences for language %s: the language model answers all "
                "requests in it (local_first is off)",
                quoted(code),
            )
    if not known:
        return model
    return FallbackChain((Intents(Intents.Options(language=known[0]), context), model))


async def answered_ahead(llm: Llm, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
    """Yield the reply ahead of an llm as `local_first` returns it. Raises `EngineError`s."""
    if not isinstance(llm, AnswersAhead):
        raise EngineFailed("this model does not answer ahead")
    async with aclosing(llm.ahead(request)) as parts:
        async for part in parts:
            yield part


async def judged(llm: Llm, request: ReplyRequest) -> AsyncGenerator[Extent, None]:
    """Yield what an llm, as `local_first` returns it, knows about a text."""
    if not isinstance(llm, JudgesTexts):
        yield Extent.UNKNOWN
        return
    async with aclosing(llm.judge(request)) as extents:
        async for extent in extents:
            yield extent
