"""Speech-to-text without a model to download: PocketSphinx, limited to the installed sentences."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from importlib.metadata import version
from typing import Annotated, ClassVar

from satellite.components.auto import language_remedy
from satellite.errors import EngineClosed, EngineFailed, LanguageUnknown
from satellite.lib.platform.memory import give_back
from satellite.lib.worker import Worker
from satellite.options import OptionSet, option
from satellite.ports import EngineContext
from satellite.requirements import Package, Requirement
from satellite.settings import USUAL_AREAS, USUAL_NAMES
from satellite.text.quoted import quoted
from satellite.values import EngineInfo, ModelInfo, TranscribeRequest, Transcript
from servers.asr.sphinx import build, vocabulary
from servers.asr.sphinx.confidence import THRESHOLD
from servers.asr.sphinx.homes import Homes
from servers.asr.sphinx.recognizer import BLOCK, Recognizer
from servers.asr.sphinx.recognizers import Recognizers
from servers.asr.sphinx.vocabulary import HomeNames, Vocabulary
from servers.caller import CALLER

_LOGGER = logging.getLogger(__name__)

PIECE = 10 * BLOCK
"""Bytes of sound that are decoded before other requests have their turn."""


class PocketSphinx:
    """Recognizes the commands of the installed sentences, in US English, and rejects the rest."""

    class Options(OptionSet, frozen=True):
        """The recognized sentences and the confidence that they need."""

        confidence: Annotated[
            float,
            option(
                "Lowest confidence of a command; higher rejects more", minimum=-100, maximum=100
            ),
        ] = THRESHOLD
        sentences: Annotated[
            str, option("Folder of your own sentences, in YAML files like the brain's")
        ] = ""
        phrases: Annotated[
            tuple[str, ...], option("Recognize only these phrases, in place of all sentences")
        ] = ()
        others: Annotated[
            tuple[str, ...], option("Single words that must not be mistaken for the phrases")
        ] = ()

    argument: ClassVar[str] = "sentences"
    requires: ClassVar[tuple[Requirement, ...]] = (
        *(Package("pocketsphinx"), Package("hassil"), Package("yaml")),
    )

    def __init__(self, options: Options, context: EngineContext | None = None) -> None:
        self._options = options
        self._closed = False
        self._build = build.VocabularyBuilder()
        self._builder = Worker("pocketsphinx-build")
        self._homes = Homes((USUAL_NAMES, USUAL_AREAS))
        processors = (context or EngineContext()).processors
        self._recognizers = Recognizers(self._load, self._homes.returning, processors)

    async def load(self) -> None:
        """Check that the sentences of the default home can be recognized.

        Leaves nothing large in memory. Raises `EngineFailed` if a user's sentences are invalid.
        """
        if self._closed:
            raise EngineClosed("pocketsphinx was closed")
        usual = (USUAL_NAMES, USUAL_AREAS)
        self._homes.add(usual, await self._recognizers.call(self._prepare, usual))

    def describe(self) -> EngineInfo:
        """Describe the engine; its only model is US English."""
        return EngineInfo(
            name="pocketsphinx",
            description="Recognizes the commands of the installed sentences and rejects the rest",
            version=version("pocketsphinx"),
            author="Carnegie Mellon University",
            url="https://github.com/cmusphinx/pocketsphinx",
            models=(ModelInfo(name="en-us", languages=("en", "en-US")),),
        )

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        """Yield the spoken command, or an empty text. There are no partial transcripts.

        Decodes sound as it arrives, at most four utterances at once. The names and terms of the
        request replace the default ones; its answers are preferred to commands. Raises
        `LanguageUnknown` for languages other than English.
        """
        home = self._home(request)
        self._homes.count(home)
        async with self._recognizers.lent(home, await self._vocabulary(home)) as lent:
            recognizer = lent.recognizer
            await lent.call(recognizer.begin)
            pending = bytearray()
            async for chunk in audio:
                pending += chunk
                while whole := min(PIECE, len(pending) // BLOCK * BLOCK):
                    piece = bytes(pending[:whole])
                    del pending[:whole]
                    await lent.call(recognizer.feed, piece)
            whole = len(pending) // 2 * 2  # half a sample at the end is dropped
            await lent.call(recognizer.feed, bytes(pending[:whole]))
            text, confidence = await lent.call(recognizer.finish, request.answers)
            accepted = confidence >= self._options.confidence
            other = ""
            if accepted:
                sentence = text
                text = await lent.call(recognizer.with_rivals, sentence, confidence)
                if text == sentence:
                    other = await lent.call(recognizer.other_value, text, confidence)
        if text:
            verdict = "accepted" if accepted else "rejected"
            _LOGGER.debug(
                "%s (confidence %.2f): %s", verdict.capitalize(), confidence, quoted(text)
            )
        yield Transcript(
            text=text if accepted else "",
            final=True,
            language="en",
            alternatives=(other,) if other else (),
        )

    async def prepare_for(self, request: TranscribeRequest) -> None:
        """Build the vocabulary of a new home, which takes seconds, while others are recognized.

        Raises `LanguageUnknown`, and `EngineBusy` for too many new homes.
        """
        await self._vocabulary(self._home(request))

    async def close(self) -> None:
        self._closed = True
        self._build.close()
        await self._recognizers.close()
        await self._builder.close()

    @staticmethod
    def _home(request: TranscribeRequest) -> HomeNames:
        """Return the names of a request, or the default ones. Raises `LanguageUnknown`."""
        language = (request.language or "en").replace("_", "-")
        if language.partition("-")[0].lower() != "en":
            raise LanguageUnknown(
                f"PocketSphinx has no model for language {quoted(request.language)}, only for "
                f"English: {language_remedy('asr', language)}"
            )
        return (request.names or USUAL_NAMES, request.terms or USUAL_AREAS)

    async def _vocabulary(self, home: HomeNames) -> Vocabulary:
        """Return a home's vocabulary. Raises `EngineBusy` for too many new homes.

        New ones are built on a thread of their own, one at a time, so that others do not wait.
        """
        found = self._homes.find(home)
        if found is not None:
            return found
        found = await self._builder.call(self._read, home)
        if found is None:
            self._homes.admit_new(CALLER.get().address)
            found = await self._builder.call(self._prepare, home)
        self._homes.add(home, found)
        return found

    def make_recognizer(self, home: HomeNames) -> Recognizer:
        """Load a recognizer for a home's names and areas. Blocks. Raises `EngineFailed`."""
        return self._load(self._prepare(home))

    def _prepare(self, home: HomeNames) -> Vocabulary:
        """Read a home's vocabulary from the cache, or build, check and cache it."""
        found = self._read(home)
        if found is None:
            folder = self._options.sentences
            found = self._build.build(home, folder)
            vocabulary.store(found, home, folder)
            give_back()
        return found

    def _read(self, home: HomeNames) -> Vocabulary | None:
        """Return a vocabulary that takes milliseconds to make or to read; None for others."""
        if self._options.phrases:
            return vocabulary.for_phrases(self._options.phrases, self._options.others)
        return vocabulary.read(home, self._options.sentences)

    @staticmethod
    def _load(found: Vocabulary) -> Recognizer:
        try:
            return Recognizer(found)
        except (RuntimeError, ValueError) as error:
            raise EngineFailed(f"pocketsphinx: {error}") from error
