"""Arbitration between the listener and the turns of this satellite.

A wake word that other satellites may have heard, too, is answered once it is agreed that this one
answers. Until then, for the time of `rooms.window`, the utterance is captured silently: without a
cue, a turn or an event. There is no delay without other satellites, nor while a turn runs here and
none runs elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Protocol

from satellite import events
from satellite.arbitration import fingerprint
from satellite.arbitration.election import ANSWERED, Bid, BidState, Election
from satellite.arbitration.group import Group
from satellite.arbitration.protocol import Claim, Rank, normalized_word
from satellite.arbitration.wake_words import wake_words_of
from satellite.listening.utterance import Utterance
from satellite.settings import Settings
from satellite.values import Detection

_LOGGER = logging.getLogger(__name__)

EARLY = 0.006
"""Seconds before the end of the window at which to decide: timers fire late."""

COMPARISONS = 8
"""Claims compared with the recent sound in one second; each takes milliseconds."""

WORDS = 32
"""Wake words learned from a service that does not report which it listens for."""


class WakeSource(Protocol):
    """The part of `satellite.listening.listener.Listener` that is needed."""

    def recent(self, seconds: float) -> bytes: ...

    def listen_now(self, detection: Detection | None = None, preroll: float = 0.0) -> bool: ...


class TurnTaker(Protocol):
    """The part of `satellite.turns.manager.TurnManager` that is needed."""

    @property
    def busy(self) -> bool: ...

    def accepts(self, utterance: Utterance) -> bool: ...

    def start(self, utterance: Utterance) -> bool: ...

    def withdraw(self, utterance: Utterance) -> None: ...


class _OwnBid:
    """The last wake of this satellite, agreed on or being agreed on."""

    def __init__(self, bid: Bid, utterance: Utterance) -> None:
        self.bid = bid
        self.utterance = utterance
        self.started = False
        """Whether its turn has started."""
        self.ended = False
        """Whether this satellite does not answer it, or no longer."""

    @property
    def word(self) -> str:
        """The wake engine's name of the word."""
        detection = self.utterance.detection
        return detection.word if detection is not None else self.bid.word


class Arbiter:
    """Agrees with the other satellites for this one; outside `run` it acts as if it were alone."""

    def __init__(
        self,
        settings: Settings,
        turns: TurnTaker,
        listener: WakeSource,
        publish: Callable[[events.Event], None],
        on_yield: Callable[[], None],
    ) -> None:
        """`on_yield` is called when another satellite answers an utterance that was already being
        captured here."""
        self._settings = settings
        self._turns = turns
        self._listener = listener
        self._publish = publish
        self._on_yield = on_yield
        self._group = Group(settings, lambda: turns.busy, self._claimed)
        self._election = Election()
        self._words: dict[str, str] = {}
        """The wake engine's names of its words, by their normalized form."""
        self._own: _OwnBid | None = None
        self._adopted: Detection | None = None
        """A detection made up here for a word that another satellite claims."""
        self._yielded: tuple[str, float] = ("", float("-inf"))
        """The last word left to another satellite, and when."""
        self._comparisons: deque[float] = deque(maxlen=COMPARISONS)
        self._changed = asyncio.Event()

    @property
    def joined(self) -> bool:
        """Whether this satellite is connected to its group."""
        return self._group.joined

    @property
    def others(self) -> int:
        """The number of other satellites."""
        return len(self._group.others())

    def accept(self, utterance: Utterance) -> bool:
        """Return whether to capture an utterance, in place of `TurnManager.start`.

        The utterance is closed later if another satellite turns out to answer it.
        """
        if utterance.detection is None or not self._group.joined:
            return self._turns.start(utterance)
        if utterance.continues is not None:  # agreed on already
            return self._turns.start(utterance)
        if not self._turns.accepts(utterance) or self._is_late(utterance.detection):
            return False
        own = self._own = _OwnBid(self._bid(utterance.detection), utterance)
        if own.bid.state is BidState.LOST:
            own.ended = True
            self._publish_yielded(own)
            return False
        self._advance()
        return not own.ended

    async def run(self) -> None:
        """Take part until cancelled; return at once if that is disabled or impossible."""
        if not (self._settings.zeroconf and self._settings.rooms.enabled):
            return
        self._words = self._words or wake_words_of(self._settings.wake)
        await asyncio.to_thread(fingerprint.warm_up)
        async with asyncio.TaskGroup() as tasks:
            agreeing = tasks.create_task(self._agree(), name="rooms: election")
            try:
                await self._group.run()
            finally:
                agreeing.cancel()

    def set_wake_words(self, words: Mapping[str, str]) -> None:
        """Replace the wake words, in the form of
        `satellite.arbitration.wake_words.wake_words_of`."""
        self._words = dict(words)

    async def _agree(self) -> None:
        while True:
            self._group.read()  # first: on a busy machine messages may be waiting
            self._advance()
            self._changed.clear()
            due = self._election.next_due
            try:
                async with asyncio.timeout(None if due is None else max(0.0, due - monotonic())):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def _bid(self, detection: Detection) -> Bid:
        """Enter a wake into the election, which may be lost already."""
        now = monotonic()
        word = normalized_word(detection.phrase or detection.word)
        adopted = self._adopted is detection
        if not adopted and len(self._words) < WORDS:
            self._words.setdefault(word, detection.word)
        others = self._group.others()
        busy = self._turns.busy
        sound, window = fingerprint.Fingerprint(0, b""), 0.0
        if others:
            sound = fingerprint.fingerprint_of(self._listener.recent(fingerprint.MEMORY))
            if not busy or any(other.busy for other in others):
                window = max(0.0, self._settings.rooms.window - EARLY)
        score = 0 if adopted else round(1000 * min(1.0, max(0.0, detection.score)))
        rank = Rank(busy, sound.quality, score, self._group.id)
        _LOGGER.debug("%s: heard at %d dB, %d other satellites", word, sound.quality, len(others))
        return self._election.wake(now, word, rank, sound.print, window)

    def _is_late(self, detection: Detection) -> bool:
        """Return whether the detector fired late, for a word that is already answered here."""
        own = self._own
        if own is None or own.ended or own.bid.rank.score:
            return False
        same = own.bid.word == normalized_word(detection.phrase or detection.word)
        return same and monotonic() - own.bid.heard_at < ANSWERED

    def _advance(self) -> None:
        """Decide and announce everything that is due."""
        for announcement in self._election.due(monotonic()):
            self._group.announce(announcement)
        self._changed.set()
        self._apply_decision()

    def _apply_decision(self) -> None:
        """Start or withdraw the turn, as decided."""
        now = monotonic()
        own = self._own
        if own is None or own.ended:
            return
        if own.bid.state is BidState.WON and not own.started:
            self._answer(own, now)
        elif own.bid.state is BidState.LOST:
            own.ended = True
            if own.started:
                self._turns.withdraw(own.utterance)
            own.utterance.close()
            self._on_yield()
            self._publish_yielded(own)

    def _answer(self, own: _OwnBid, now: float) -> None:
        own.started = True
        if self._group.others():
            waited = round(now - own.bid.heard_at, 4)
            turn = own.utterance.id
            self._publish(events.Chosen(word=own.word, waited=waited, turn=turn))
        if not self._turns.start(own.utterance):
            own.ended = True
            self._election.withdraw()
            own.utterance.close()

    def _publish_yielded(self, own: _OwnBid) -> None:
        """Publish that another satellite answers, once for each spoken word."""
        now, (word, at) = monotonic(), self._yielded
        self._yielded = own.bid.word, now
        self._group.expect_turn(own.bid.winner)
        if word == own.bid.word and now - at < ANSWERED:
            return
        to, waited = self._group.name(own.bid.winner), round(now - own.bid.heard_at, 4)
        self._publish(events.Yielded(to=to, word=own.word, waited=waited))
        self._group.yielded(own.bid.winner)

    def _claimed(self, claim: Claim, answered: bool) -> None:
        """Handle the claim of another satellite, or its decision to answer."""
        now = monotonic()
        if self._election.receive(now, claim, answered=answered) and not answered:
            self._claim_if_better(claim, now)
        self._apply_decision()
        self._changed.set()  # announce what is due, once everything that has arrived is read

    def _claim_if_better(self, claim: Claim, now: float) -> None:
        """Claim the word as well if it is heard better here, though the detector has not fired yet.

        Detectors fire up to 0.3 s apart, and the worse placed one may be the first.
        """
        name = self._words.get(claim.word)
        if name is None or self._turns.busy:
            return
        rushed = len(self._comparisons) == COMPARISONS and now - self._comparisons[0] < 1.0
        if rushed or self._election.has_own(now, claim):
            return
        self._comparisons.append(now)
        audio = self._listener.recent(fingerprint.MEMORY)
        quality = fingerprint.fingerprint_of(audio).quality
        if quality <= claim.rank.quality or claim.rank.busy:
            _LOGGER.debug("%s: heard worse here, at %d dB", claim.word, quality)
            return
        likeness = fingerprint.similarity(claim.print, audio, claim.age)
        _LOGGER.debug("%s: similarity to the sound here is %.2f", claim.word, likeness)
        if likeness >= fingerprint.ALIKE:
            score = claim.rank.score / 1000
            self._adopted = Detection(word=name, score=score, sample=0, phrase=claim.word)
            self._listener.listen_now(self._adopted, self._settings.listen.preroll)
            self._adopted = None
