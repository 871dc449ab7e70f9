"""Transcription of one utterance, with partial transcripts during speech."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from functools import partial

import msgspec

from satellite.lib.worker import Worker
from satellite.text.quoted import quoted
from satellite.values import TranscribeRequest, Transcript
from servers.asr.hallucinations import repeats_prompt
from servers.asr.name_correction import near_names, only_names_differ
from servers.asr.scripts import joined
from servers.asr.whisper import quality
from servers.asr.whisper.agreement import agreed_tokens
from servers.asr.whisper.alternatives import of_whole
from servers.asr.whisper.brightness import brightness
from servers.asr.whisper.decoding import Decoder
from servers.asr.whisper.quality import Attempt, Thresholds
from servers.asr.whisper.sound_buffer import SoundBuffer
from servers.asr.whisper.speech_detection import Floats
from servers.asr.whisper.tokens import Prompt, build_prompt
from servers.asr.whisper.windows import EARLY, RATE, TRAIL, Window

_LOGGER = logging.getLogger(__name__)

LIVE_RATE = 0.7
"""Fewest seconds that pass for each second of live sound. A recording that is sent faster needs no
partial transcripts, because all of it will have arrived in a moment."""
DETECTION_INTERVAL = 0.1
"""Seconds between voice detections, so that a recording sent at once is processed in one go.
None where pauses are wanted."""
MANY_NAMES = 100
"""Names beyond which they are compared with a text on a thread: it takes up to a tenth of a
second."""
PARTIAL_SPACING = 3
"""Shortest interval of partial transcripts as a multiple of the time that one takes, so that the
end of the speech seldom has to wait for one."""

BETWEEN_PAUSES = 3.0
"""Fewest seconds of sound between two partial transcripts that no pause asks for, where the text at
pauses is wanted: a request of the home is shorter, and its text need not wait for one."""


class Style(msgspec.Struct, frozen=True):
    """How the expected speech is to be written."""

    prompt: str = ""
    """A text in that style."""
    script: Callable[[str], str] = str
    """Returns a text in the right script, character by character."""
    name_endings: int = 0
    """See `Hearing`."""


class TranscriptionOptions(msgspec.Struct, frozen=True):
    """Options of transcription, the same for all utterances."""

    thresholds: Thresholds
    condition_on_previous_text: bool
    partials: bool
    interval: float
    """Fewest seconds of sound between two partial transcripts."""


class Transcription:
    """Decodes windows as they close, and partial windows while no other request needs the model.

    As soon as a voice pauses, everything up to there is decoded. If no speech follows, that is the
    result already; otherwise only the following speech is new to the decoder.
    """

    def __init__(
        self,
        sound: SoundBuffer,
        decoder: Decoder,
        options: TranscriptionOptions,
        language: str | None,
        names: Sequence[str],
        style: Callable[[str | None], Style] = lambda language: Style(),
        pauses: bool = False,
        lasting: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`style` returns the style of the expected speech, by its language; `pauses`: whether the
        text up to a pause is wanted, and `lasting` that it is wanted again while the pause
        lasts."""
        self._sound = sound
        self._decoder = decoder
        self._vocabulary = decoder.vocabulary
        self._options = options
        self._language = language
        self._names = names
        self._style = style
        self._texts: list[str] = []
        self._others: list[tuple[str, ...]] = []
        """Alternatives of each of the texts."""
        self._partial: tuple[int, ...] = ()
        self._confirmed: tuple[int, ...] = ()
        self._pauses = pauses
        self._lasting = lasting
        self._pause_text: str | None = None
        """The text up to the pause that has just been decoded."""
        self._last_pause_text: str | None = None
        self._pause_others: tuple[str, ...] = ()
        """Its alternatives."""
        self._decoded: tuple[Window, tuple[int, ...], Attempt, str | None] | None = None
        self._decoded_at_pause = False
        self._partial_at = 0
        self._cost = 0.0
        self._sent = ""
        self._clock = clock
        self._began = clock()

    async def run(
        self, audio: AsyncIterator[bytes], worker: Worker
    ) -> AsyncGenerator[Transcript, None]:
        """Yield partial transcripts, each beginning with the previous one, and the final one.

        Detects voices on `worker`.
        """
        pending, detected_at, block = bytearray(), self._clock(), 2 * self._sound.block
        interval = 0.0 if self._pauses else DETECTION_INTERVAL
        async for chunk in audio:
            pending += chunk
            if len(pending) < block or self._clock() - detected_at < interval:
                continue
            whole = len(pending) // block * block
            await self._detect(bytes(pending[:whole]), worker)
            del pending[:whole]
            detected_at = self._clock()
            until, quiet = self._sound.now / RATE, self._sound.quiet / RATE
            decoded, pause_text = await self._decode_partial(), self._pause_text
            if pause_text is None and self._lasting and self._pause_lasts():
                pause_text = self._last_pause_text
            if (decoded and self._partial_text() != self._sent) or pause_text is not None:
                self._sent, self._pause_text = self._partial_text(), None
                yield Transcript(
                    text=self._sent,
                    final=False,
                    language=self._language,
                    pause_text=pause_text,
                    until=until if pause_text is not None else 0.0,
                    quiet=quiet if pause_text is not None else 0.0,
                    alternatives=self._pause_others if pause_text is not None else (),
                )
        await self._detect(bytes(pending), worker)
        if (window := self._sound.last()) is not None:
            await self._finish(window, self._sound.samples(window))
        yield Transcript(
            text=joined(self._texts),
            final=True,
            language=self._language,
            alternatives=of_whole(self._texts, self._others),
        )

    async def _detect(self, audio: bytes, worker: Worker) -> None:
        """Add sound and decode the windows that it closes."""
        for window, samples in await worker.call(self._sound.add, audio):
            await self._finish(window, samples)

    def _partial_text(self) -> str:
        """Return the part of the text that will not change any more."""
        return joined([*self._texts, self._confirmed_text()])

    def _confirmed_text(self) -> str:
        """Return the part of the open window's text that will not change any more."""
        text = self._vocabulary.decode(self._confirmed).strip()
        return self._style(self._language).script(text)

    async def _finish(self, window: Window, samples: Floats) -> None:
        """Add the text of a complete window."""
        if self._is_decoded(window) and self._decoded is not None:
            attempt, language = self._decoded[2:]
        else:
            attempt, language = await self._decode(samples)
        reason = self._rejection(attempt, window, samples, language)
        text = attempt.text
        if reason is None:
            self._language = self._language or language
        else:
            _LOGGER.info("Rejected a text: %s", reason)
            _LOGGER.debug("Rejected text: %s", quoted(attempt.text))
            text = self._confirmed_text()
        if text:
            self._texts.append(text)
            self._others.append(attempt.other_texts if reason is None else ())
        self._partial, self._confirmed, self._decoded = (), (), None

    async def _decode_partial(self) -> bool:
        """Decode the sound so far, if due and no request waits; return whether it was decoded."""
        window = self._sound.last() if self._options.partials else None
        if window is None or not self._is_due(window) or not self._decoder.idle:
            return False
        began = self._clock()
        at_pause = self._pauses and self._sound.quiet >= EARLY
        samples = self._sound.samples(window)
        attempt, language = await self._decode(samples)
        self._cost = self._clock() - began
        self._partial_at = self._sound.now
        self._decoded = (window, self._confirmed, attempt, language)
        self._decoded_at_pause = at_pause
        if self._rejection(attempt, window, samples, language) is not None:
            self._partial, self._last_pause_text = (), None
            return False
        if self._decoded_at_pause:
            self._pause_text = self._last_pause_text = joined([*self._texts, attempt.text])
            others = [*self._others, attempt.other_texts]
            self._pause_others = of_whole([*self._texts, attempt.text], others)
        confirmed = agreed_tokens(self._partial, attempt.tokens, self._vocabulary.decode)
        for other in attempt.alternatives:  # where they differ, nothing is certain yet
            same = agreed_tokens(attempt.tokens, other.tokens, self._vocabulary.decode)
            confirmed = min(confirmed, same, key=len)
        self._partial = attempt.tokens
        if len(confirmed) > len(self._confirmed):
            self._confirmed = confirmed
            self._language = self._language or language
            # decoding with this prefix gives the same result again
            self._decoded = (window, confirmed, attempt, language)
        return True

    def _pause_lasts(self) -> bool:
        """Return whether nothing was said since the pause that was decoded last."""
        window = self._sound.last()
        return self._decoded_at_pause and window is not None and self._is_decoded(window)

    def _rejection(
        self, attempt: Attempt, window: Window, samples: Floats, language: str | None
    ) -> str | None:
        """Return why the text was not spoken, or None."""
        if repeats_prompt(attempt.text, self._style(language).prompt):
            return "repeats its prompt"
        return quality.rejection(
            attempt,
            window.voice / RATE,
            self._options.thresholds,
            brightness(samples[window.silence :]),
        )

    def _is_due(self, window: Window) -> bool:
        now = self._sound.now
        if self._clock() - self._began < LIVE_RATE * now / RATE:
            return False
        if self._is_decoded(window):
            return False  # no speech since then
        if self._sound.quiet:
            return self._sound.quiet >= (EARLY if self._pauses else TRAIL)
        least = max(self._options.interval, BETWEEN_PAUSES if self._pauses else 0.0)
        return now - self._partial_at >= RATE * max(least, PARTIAL_SPACING * self._cost)

    def _is_decoded(self, window: Window) -> bool:
        """Return whether the newest decoding has the speech of a window, after the same prefix."""
        if self._decoded is None or self._decoded[1] != self._confirmed:
            return False
        decoded = self._decoded[0]
        if self._decoded_at_pause:  # what the window has more of is silence
            return (decoded.start, decoded.voice) == (window.start, window.voice)
        return decoded == window

    async def _decode(self, samples: Floats) -> tuple[Attempt, str | None]:
        """Decode without names, and once more with those that were nearly recognized."""
        attempt, language = await self._decode_with("", samples, self._language)
        near_by = partial(near_names, endings=self._style(language).name_endings)
        if len(self._names) > MANY_NAMES:  # comparing them would hold up the event loop
            near = await asyncio.to_thread(near_by, attempt.text, self._names)
        else:
            near = near_by(attempt.text, self._names)
        if not near:
            return attempt, language
        again, _ = await self._decode_with(", ".join(near), samples, language)
        good = quality.is_good(again, self._options.thresholds)
        if good and only_names_differ(attempt.text, again.text, near):
            _LOGGER.debug("Names in %s: %s", quoted(attempt.text), quoted(again.text))
            return again, language
        return attempt, language

    async def _decode_with(
        self, hotwords: str, samples: Floats, language: str | None
    ) -> tuple[Attempt, str | None]:
        earlier = joined(self._texts) if self._options.condition_on_previous_text else ""

        def prompt(spoken: str | None) -> Prompt:
            return build_prompt(
                self._vocabulary,
                hotwords=hotwords,
                earlier=f"{self._style(spoken).prompt} {earlier}",
                prefix=self._confirmed,
            )

        attempt, spoken = await self._decoder.decode(samples, prompt, language)
        script = self._style(spoken).script
        others = tuple(
            msgspec.structs.replace(other, text=script(other.text))
            for other in attempt.alternatives
        )
        text = script(attempt.text)
        return msgspec.structs.replace(attempt, text=text, alternatives=others), spoken


def likely_names(request: TranscribeRequest, configured: str) -> tuple[str, ...]:
    """Return the configured likely words, separated by commas, and those of the request."""
    words = (*configured.split(","), *request.names, *request.terms)
    return tuple(dict.fromkeys(word.strip() for word in words if word.strip()))
