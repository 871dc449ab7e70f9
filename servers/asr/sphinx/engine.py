"""Speech-to-text without a model to download: PocketSphinx, held to the installed sentences."""

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
from satellite.values import EngineInfo, ModelInfo, TranscribeRequest, Transcript
from servers.asr.malloc import give_back
from servers.asr.sphinx import build, vocabulary
from servers.asr.sphinx.confidence import THRESHOLD
from servers.asr.sphinx.recognizer import BLOCK, Recognizer
from servers.asr.sphinx.vocabulary import HomeNames, Vocabulary

_LOGGER = logging.getLogger(__name__)

_AT_ONCE = 4
"""Utterances heard at the same time; a further one waits, within its caller's deadline."""
_KEPT = _AT_ONCE
"""Recognizers kept for the next utterance, each of about 25 MB: as many as are in use at once."""
_KEPT_FOR = 60.0
"""Seconds after an utterance for which they are kept: a question is often followed by another. It
takes about 0.1 s to load one anew, which is done when the utterance begins, not when it ends."""
_HOMES = 4
"""Vocabularies kept in memory, each of 0.2 MB."""


class PocketSphinx:
    """Hears the commands of the installed sentences, in US English; nothing else is guessed."""

    class Options(OptionSet, frozen=True):
        """What it listens for."""

        confidence: Annotated[
            float,
            option("Sureness that a command needs: higher rejects more", minimum=-100, maximum=100),
        ] = THRESHOLD
        sentences: Annotated[
            str, option("Folder of your own sentences: YAML files as the brain's")
        ] = ""
        phrases: Annotated[
            tuple[str, ...], option("Listen for these phrases in place of all sentences")
        ] = ()
        others: Annotated[
            tuple[str, ...], option("Single words to be told apart from the phrases")
        ] = ()

    argument: ClassVar[str] = "sentences"
    requires: ClassVar[tuple[Requirement, ...]] = (
        *(Package("pocketsphinx"), Package("hassil"), Package("yaml")),
    )

    def __init__(self, options: Options) -> None:
        self._options = options
        self._worker = Worker("pocketsphinx", gives_way=False)
        self._closed = False
        self._vocabularies: OrderedDict[HomeNames, Vocabulary] = OrderedDict()
        self._idle: OrderedDict[int, tuple[HomeNames, Recognizer]] = OrderedDict()
        self._leaving: asyncio.TimerHandle | None = None
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def load(self) -> None:
        """Prove that the sentences of the usual home can be listened for.

        Nothing large stays in memory. Raises `EngineFailed` where a user's sentences are wrong.
        """
        if self._closed:
            raise EngineClosed("pocketsphinx was closed")
        await self._worker.call(self._prepare, (USUAL_NAMES, USUAL_AREAS))

    def describe(self) -> EngineInfo:
        """Say what this is; its only model is US English."""
        return EngineInfo(
            name="pocketsphinx",
            description="Hears the commands of the installed sentences and rejects all else",
            version=version("pocketsphinx"),
            author="Carnegie Mellon University",
            url="https://github.com/cmusphinx/pocketsphinx",
            models=(ModelInfo(name="en-us", languages=("en", "en-US")),),
        )

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        """Yield the command that was said, or an empty text; there are no partial transcripts.

        Sound is decoded while it arrives, and at most four utterances at once. The names and terms
        of the request take the place of the usual ones. Raises `ModelMissing` for a language other
        than English.
        """
        language = (request.language or "en").replace("_", "-")
        if language.partition("-")[0].lower() != "en":
            raise ModelMissing(
                f"PocketSphinx has no model for language {request.language!r}, only for English"
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
            text, sureness = await self._worker.call(recognizer.finish)
        accepted = sureness >= self._options.confidence
        if text:
            verdict = "accepted" if accepted else "rejected"
            _LOGGER.debug("%s (confidence %.2f): %r", verdict.capitalize(), sureness, text)
        yield Transcript(text=text if accepted else "", final=True, language="en")

    async def close(self) -> None:
        self._closed = True
        self._forget()
        await self._worker.close()

    @asynccontextmanager
    async def _recognizer(self, home: HomeNames) -> AsyncIterator[Recognizer]:
        """Lend a recognizer of a home to one utterance."""
        async with self._slots:
            if self._closed:
                raise EngineClosed("pocketsphinx was closed")
            recognizer = self._take(home)
            if recognizer is None:
                recognizer = await self._worker.call(self.make, home)
            try:
                yield recognizer
            finally:
                # a call that was cancelled may still run on the thread: the next one waits for it
                if not self._closed:
                    self._keep(home, recognizer)

    def _take(self, home: HomeNames) -> Recognizer | None:
        for key, (kept, recognizer) in reversed(self._idle.items()):
            if kept == home:
                del self._idle[key]
                return recognizer
        return None

    def _keep(self, home: HomeNames, recognizer: Recognizer) -> None:
        self._idle[id(recognizer)] = (home, recognizer)
        while len(self._idle) > _KEPT:
            self._idle.popitem(last=False)
        if self._leaving is not None:
            self._leaving.cancel()
        self._leaving = asyncio.get_running_loop().call_later(_KEPT_FOR, self._forget)

    def _forget(self) -> None:
        """Free the recognizers that nobody uses. Takes milliseconds."""
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        if self._idle:
            self._idle.clear()
            give_back()

    def make(self, home: HomeNames) -> Recognizer:
        """Load a recognizer for a home's names and areas. Blocks. Raises `EngineFailed`."""
        found = self._vocabularies.get(home)
        return self._load(found if found is not None else self._prepare(home))

    def _prepare(self, home: HomeNames) -> Vocabulary:
        """Find a home's vocabulary or make it, and keep it once it has been proved to load."""
        folder = self._options.sentences
        if self._options.phrases:
            return vocabulary.of_phrases(self._options.phrases, self._options.others)
        found = vocabulary.read(home, folder)
        if found is None:
            found = build.make(home, folder)
            vocabulary.store(found, home, folder)
            give_back()
        self._vocabularies[home] = found
        while len(self._vocabularies) > _HOMES:
            self._vocabularies.popitem(last=False)
        return found

    @staticmethod
    def _load(found: Vocabulary) -> Recognizer:
        try:
            return Recognizer(found)
        except (RuntimeError, ValueError) as error:
            raise EngineFailed(f"pocketsphinx: {error}") from error
