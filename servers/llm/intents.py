"""The engine `intents`: answers requests that match its sentences, and declines all others."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated, ClassVar

import msgspec

from satellite.errors import EngineFailed
from satellite.languages.pack import ENGLISH
from satellite.lib.worker import Worker
from satellite.options import OptionSet, option
from satellite.ports import EngineContext
from satellite.requirements import Package, Requirement
from satellite.settings import USUAL_AREAS, USUAL_NAMES
from satellite.text.quoted import quoted
from satellite.text.reason_of import reason_of
from satellite.tools import Tool
from satellite.values import (
    Action,
    Declined,
    EngineInfo,
    Extent,
    ModelInfo,
    ReplyPart,
    ReplyRequest,
)
from servers.intents import choices
from servers.intents.library import Library
from servers.intents.match import Match
from servers.intents.package_mapping import COMMAND
from servers.intents.phrases import Phrases
from servers.intents.sentence_files import has_sentences, language_of
from servers.intents.sentences import Sentences
from servers.intents.skills import SKILLS, timers
from servers.intents.understanding import Understanding
from servers.llm.intents_tools import TOOLS


class Intents:
    """Understands time, date, timers, volume and the home by sentence templates."""

    class Options(OptionSet, frozen=True):
        """The sentences."""

        language: Annotated[
            str,
            option(
                "Language of requests without one, by default that of the settings; others are "
                "answered in their own"
            ),
        ] = ""
        sentences: Annotated[
            str, option("Folder with your own sentences: YAML files with intents and responses")
        ] = ""

    argument: ClassVar[str] = "language"
    requires: ClassVar[tuple[Requirement, ...]] = (Package("hassil"), Package("yaml"))
    tools: ClassVar[tuple[Tool, ...]] = TOOLS

    def __init__(self, options: Options, context: EngineContext | None = None) -> None:
        self._options = options
        self._home = context.home if context else None
        self._worker = Worker("intents")
        spoken = context.language if context else ENGLISH
        usual = spoken if has_sentences(language_of(spoken)) else ENGLISH
        self._library = Library(options.language or usual, options.sentences)

    async def load(self) -> None:
        """Read the sentences of the first language, other languages' when they are asked for.

        Raises `ModelMissing` for an unknown language, `EngineFailed`.
        """
        await self._worker.call(self._library.first)

    def describe(self) -> EngineInfo:
        """Describe the engine; its models are its languages, the configured one first."""
        languages = self._library.languages()
        return EngineInfo(
            name="intents",
            description="Answers set sentences, with nothing but this machine",
            models=tuple(ModelInfo(name=code, languages=(code,)) for code in languages),
            home_control=self._home is not None,
            judges=True,
            ahead=True,
        )

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the reply, in the request's language; `Declined` if it matches no sentence.

        A pure function of the request. Raises `EngineFailed` for user sentences whose intent or
        slots cannot be executed.
        """
        for part in await self._worker.call(self._reply, request):
            yield part

    def ahead(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the reply: it has no effect of its own."""
        return self.reply(request)

    async def judge(self, request: ReplyRequest) -> AsyncGenerator[Extent, None]:
        """Yield how far the text is one of the sentences. A pure function of the request."""
        yield await self._worker.call(self._judge, request)

    async def close(self) -> None:
        await self._worker.close()

    def _judge(self, request: ReplyRequest) -> Extent:
        sentences = self._library.find(request.language)
        if sentences is None:
            return Extent.UNKNOWN
        home = _home(sentences, request)
        return sentences.extent(request.text, *home, irrevocable=request.irrevocable)

    def _reply(self, request: ReplyRequest) -> tuple[ReplyPart, ...]:
        if not request.text.strip():
            return ()
        sentences = self._library.find(request.language)
        if sentences is None:
            return (Declined(text=self._library.declined(request.language)),)
        return answer(sentences, request)


def answer(sentences: Sentences, request: ReplyRequest) -> tuple[ReplyPart, ...]:
    """Match the request and run the skill of its intent. Takes milliseconds."""
    found = Understanding(sentences, request, *_home(sentences, request)).found()
    if isinstance(found, choices.Choice):
        question = sentences.phrases.say(
            choices.FIRST, choices.ASK, first=found.first, second=found.second
        )
        expected = choices.answers(found, sentences)
        return question, Action(name="listen", data={"answers": list(expected)})
    if found is None:
        return (Declined(text=sentences.phrases.words.declined),)
    if (command := found.slots.get(COMMAND)) is not None:
        if not request.situation.home:
            return (Declined(text=sentences.phrases.say(found.intent, "no_home")),)
        delayed = sentences.match(str(command), *_home(sentences, request))
        parts = () if delayed is None else _run(delayed, sentences, request)
        if not any(isinstance(part, Action) for part in parts):
            # it cannot be done now, and would not be later; another brain may be able to
            text = "".join(part.text if isinstance(part, Declined) else str(part) for part in parts)
            return (Declined(text=text),)
    return _run(found, sentences, request)


def _run(match: Match, sentences: Sentences, request: ReplyRequest) -> tuple[ReplyPart, ...]:
    """Run the skill of a match. Raises `EngineFailed` if the user's sentences have other slots."""
    skill = SKILLS.get(match.intent, _say_response)
    match = _with_timer(match, sentences, request)
    try:
        return skill(match, request, sentences.phrases)
    except (KeyError, TypeError, ValueError) as error:
        raise EngineFailed(
            f"sentences: intent {match.intent} with slots {quoted(match.slots)}: {reason_of(error)}"
        ) from error


def _with_timer(match: Match, sentences: Sentences, request: ReplyRequest) -> Match:
    """Return a match about a running timer with its name in the case that its timer has."""
    all_names = (timer.name for timer in request.situation.timers)
    names = tuple(name for name in all_names if name)
    if match.intent not in timers.NAMED or not names or not (name := match.slots.get("name")):
        return match
    slots = {**match.slots, "name": sentences.named(str(name), names)}
    return msgspec.structs.replace(match, slots=slots)


def _home(sentences: Sentences, request: ReplyRequest) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names and areas of the home of a request."""
    situation = request.situation
    return (
        _real(situation.names, USUAL_NAMES) or sentences.usual.names,
        _real(situation.areas, USUAL_AREAS) or sentences.usual.areas,
    )


def _real(names: tuple[str, ...], usual: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of a home; none for the English ones that satellites send without one."""
    return () if names == usual else names


def _say_response(match: Match, request: ReplyRequest, phrases: Phrases) -> tuple[ReplyPart, ...]:
    return (phrases.say(match.intent, match.response, **match.slots),)
