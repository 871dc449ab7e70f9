"""Speech-to-text without a model to download: PocketSphinx, limited to the installed sentences."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Annotated, ClassVar

from satellite.errors import EngineClosed, EngineFailed, ModelMissing
from satellite.lib.worker import Worker
from satellite.options import OptionSet, option
from satellite.requirements import Package, Requirement
from satellite.settings import USUAL_AREAS, USUAL_NAMES
from satellite.text.quoted import quoted
from satellite.values import EngineInfo, ModelInfo, TranscribeRequest, Transcript
from servers.asr.malloc import give_back
from servers.asr.sphinx import build, vocabulary
from servers.asr.sphinx.confidence import THRESHOLD
from servers.asr.sphinx.recognizer import BLOCK, Recognizer
from servers.asr.sphinx.vocabulary import HomeNames, Vocabulary

_LOGGER = logging.getLogger(__name__)

_CONCURRENT = 4
"""Utterances decoded at the same time. Another one waits, within its caller's deadline."""
_IDLE_RECOGNIZERS = _CONCURRENT
"""Idle recognizers held for the next utterance, about 25 MB each: as many as are used at once."""
_IDLE_SECONDS = 60.0
"""Seconds for which idle recognizers stay loaded: a question is often followed by another. Loading
one takes about 0.1 s, when the utterance begins and not when it ends."""
_VOCABULARIES = 4
"""Vocabularies held in memory, 0.2 MB each."""


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

    def __init__(self, options: Options) -> None:
        self._options = options
        self._worker = Worker("pocketsphinx")
        self._closed = False
        self._vocabularies: OrderedDict[HomeNames, Vocabulary] = OrderedDict()
        self._idle: OrderedDict[int, tuple[HomeNames, Recognizer]] = OrderedDict()
        self._unload_timer: asyncio.TimerHandle | None = None
        self._slots = asyncio.Semaphore(_CONCURRENT)

    async def load(self) -> None:
        """Check that the sentences of the default home can be recognized.

        Leaves nothing large in memory. Raises `EngineFailed` if a user's sentences are invalid.
        """
        if self._closed:
            raise EngineClosed("pocketsphinx was closed")
        await self._worker.call(self._prepare, (USUAL_NAMES, USUAL_AREAS))

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
        request replace the default ones. Raises `ModelMissing` for languages other than English.
        """
        language = (request.language or "en").replace("_", "-")
        if language.partition("-")[0].lower() != "en":
            raise ModelMissing(
                f"PocketSphinx has no model for language {quoted(request.language)}, only for "
                "English"
            )
        home = (request.names or USUAL_NAMES, request.terms or USUAL_AREAS)
        async with self._recognizer(home) as recognizer:
            await self._worker.call(recognizer.begin)
            pending = bytearray()
            async for chunk in audio:
                pending += chunk
                if whole := len(pending) // BLOCK * BLOCK:
                    piece = bytes(pending[:whole])
                    del pending[:whole]
                    await self._worker.call(recognizer.feed, piece)
            whole = len(pending) // 2 * 2  # half a sample at the end is dropped
            await self._worker.call(recognizer.feed, bytes(pending[:whole]))
            text, confidence = await self._worker.call(recognizer.finish)
            accepted = confidence >= self._options.confidence
            if accepted:
                text = await self._worker.call(recognizer.with_rivals, text)
        if text:
            verdict = "accepted" if accepted else "rejected"
            _LOGGER.debug(
                "%s (confidence %.2f): %s", verdict.capitalize(), confidence, quoted(text)
            )
        yield Transcript(text=text if accepted else "", final=True, language="en")

    async def close(self) -> None:
        self._closed = True
        self._unload()
        await self._worker.close()

    @asynccontextmanager
    async def _recognizer(self, home: HomeNames) -> AsyncIterator[Recognizer]:
        """Lend a home's recognizer to one utterance."""
        async with self._slots:
            if self._closed:
                raise EngineClosed("pocketsphinx was closed")
            recognizer = self._take(home)
            if recognizer is None:
                recognizer = await self._worker.call(self.make_recognizer, home)
            try:
                yield recognizer
            finally:
                # a cancelled call may still run on the thread; the next call waits for it
                if not self._closed:
                    self._put_back(home, recognizer)

    def _take(self, home: HomeNames) -> Recognizer | None:
        for key, (recognized_home, recognizer) in reversed(self._idle.items()):
            if recognized_home == home:
                del self._idle[key]
                return recognizer
        return None

    def _put_back(self, home: HomeNames, recognizer: Recognizer) -> None:
        self._idle[id(recognizer)] = (home, recognizer)
        while len(self._idle) > _IDLE_RECOGNIZERS:
            self._idle.popitem(last=False)
        if self._unload_timer is not None:
            self._unload_timer.cancel()
        self._unload_timer = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._unload)

    def _unload(self) -> None:
        """Free the idle recognizers. Takes milliseconds."""
        if self._unload_timer is not None:
            self._unload_timer.cancel()
            self._unload_timer = None
        if self._idle:
            self._idle.clear()
            give_back()

    def make_recognizer(self, home: HomeNames) -> Recognizer:
        """Load a recognizer for a home's names and areas. Blocks. Raises `EngineFailed`."""
        found = self._vocabularies.get(home)
        return self._load(found if found is not None else self._prepare(home))

    def _prepare(self, home: HomeNames) -> Vocabulary:
        """Read a home's vocabulary from the cache, or build, check and cache it."""
        folder = self._options.sentences
        if self._options.phrases:
            return vocabulary.for_phrases(self._options.phrases, self._options.others)
        found = vocabulary.read(home, folder)
        if found is None:
            found = build.build_vocabulary(home, folder)
            vocabulary.store(found, home, folder)
            give_back()
        self._vocabularies[home] = found
        while len(self._vocabularies) > _VOCABULARIES:
            self._vocabularies.popitem(last=False)
        return found

    @staticmethod
    def _load(found: Vocabulary) -> Recognizer:
        try:
            return Recognizer(found)
        except (RuntimeError, ValueError) as error:
            raise EngineFailed(f"pocketsphinx: {error}") from error
