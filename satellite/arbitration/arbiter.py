"""This satellite among the others of its home: it stands between the listener and the assistant.

A wake word that others may have heard, too, is answered when it is agreed that we do; until then,
which takes the time of `rooms.window`, the utterance is listened to, and nothing is heard or seen
of it. Where nobody else is, or while our turn is running and no other's is, nothing is waited for.
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
from satellite.arbitration.election import ANSWERED, Bid, Election, State
from satellite.arbitration.group import Group
from satellite.arbitration.protocol import Claim, Rank, spoken
from satellite.arbitration.wake_words import wake_words_of
from satellite.listening.utterance import Utterance
from satellite.settings import Settings
from satellite.values import Detection

_LOGGER = logging.getLogger(__name__)

EARLY = 0.006
"""Seconds by which it is decided before the window ends: timers are late by some."""

LOOKS = 8
"""Claims in a second that are compared with what we have heard, which takes milliseconds."""

WORDS = 32
"""Wake words remembered of a service that does not tell which it listens for."""


class WakeSource(Protocol):
    """What is needed of `satellite.listening.listener.Listener`."""

    def recent(self, seconds: float) -> bytes: ...

    def listen_now(self, detection: Detection | None = None, preroll: float = 0.0) -> bool: ...


class TurnTaker(Protocol):
    """What is needed of `satellite.turns.manager.TurnManager`."""

    @property
    def busy(self) -> bool: ...

    def accepts(self, utterance: Utterance) -> bool: ...

    def start(self, utterance: Utterance) -> bool: ...

    def withdraw(self, utterance: Utterance) -> None: ...


class _OwnBid:
    """A wake of ours that is being agreed on, or was agreed on last."""

    def __init__(self, bid: Bid, utterance: Utterance) -> None:
        self.bid = bid
        self.utterance = utterance
        self.begun = False
        """Our turn has begun."""
        self.over = False
        """Another one answers, or nobody."""

    @property
    def word(self) -> str:
        """As our wake engine calls it."""
        found = self.utterance.detection
        return found.word if found is not None else self.bid.word


class Arbiter:
    """Agrees with the others for one satellite; before `run` and after it, it is as if alone."""

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
        self._company = Group(settings, lambda: turns.busy, self._claimed)
        self._agreement = Election()
        self._words: dict[str, str] = {}
        """What our wake engine calls the words that it listens for."""
        self._mine: _OwnBid | None = None
        self._joining: Detection | None = None
        """A word that others heard, while we claim it, too."""
        self._yielded: tuple[str, float] = ("", float("-inf"))
        """The last word left to another, and when."""
        self._looks: deque[float] = deque(maxlen=LOOKS)
        self._changed = asyncio.Event()

    @property
    def joined(self) -> bool:
        """Others may be there."""
        return self._company.joined

    @property
    def others(self) -> int:
        """How many others are there."""
        return len(self._company.others())

    def accept(self, utterance: Utterance) -> bool:
        """Agree on who answers, in place of `TurnManager.start`; False when we do not.

        With True the utterance is listened to, and is closed when another one answers it.
        """
        if utterance.detection is None or not self._company.joined:
            return self._turns.start(utterance)
        if not self._turns.accepts(utterance) or self._is_late(utterance.detection):
            return False
        mine = self._mine = _OwnBid(self._bid(utterance.detection), utterance)
        if mine.bid.state is State.LOST:
            mine.over = True
            self._tell_yielded(mine)
            return False
        self._advance()
        return not mine.over

    async def run(self) -> None:
        """Take part until cancelled; returns where that is not wished for, or not possible."""
        if not (self._settings.zeroconf and self._settings.rooms.enabled):
            return
        self._words = self._words or await wake_words_of(self._settings.wake)
        await asyncio.to_thread(fingerprint.warm_up)
        async with asyncio.TaskGroup() as tasks:
            agreeing = tasks.create_task(self._agree(), name="rooms: agreement")
            try:
                await self._company.run()
            finally:
                agreeing.cancel()

    def listen_for(self, words: Mapping[str, str]) -> None:
        """Know another wake component's words: `satellite.arbitration.wake_words.wake_words_of`."""
        self._words = dict(words)

    async def _agree(self) -> None:
        while True:
            self._company.listen()  # a busy machine may have been late to
            self._advance()
            self._changed.clear()
            due = self._agreement.next
            try:
                async with asyncio.timeout(None if due is None else max(0.0, due - monotonic())):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def _bid(self, detection: Detection) -> Bid:
        """Claim a wake, or see that it is another's already."""
        now = monotonic()
        word = spoken(detection.phrase or detection.word)
        joining = self._joining is detection
        if not joining and len(self._words) < WORDS:
            self._words.setdefault(word, detection.word)
        others = self._company.others()
        busy = self._turns.busy
        heard, window = fingerprint.Fingerprint(0, b""), 0.0
        if others:
            heard = fingerprint.fingerprint_of(self._listener.recent(fingerprint.MEMORY))
            if not busy or any(other.busy for other in others):
                window = max(0.0, self._settings.rooms.window - EARLY)
        score = 0 if joining else round(1000 * min(1.0, max(0.0, detection.score)))
        rank = Rank(busy, heard.quality, score, self._company.id)
        _LOGGER.debug("%r is heard at %d dB; %d others are there", word, heard.quality, len(others))
        return self._agreement.wake(now, word, rank, heard.print, window)

    def _is_late(self, detection: Detection) -> bool:
        """Whether our detector has at last heard the word that we answer already."""
        mine = self._mine
        if mine is None or mine.over or mine.bid.rank.score:
            return False
        same = mine.bid.word == spoken(detection.phrase or detection.word)
        return same and monotonic() - mine.bid.at < ANSWERED

    def _advance(self) -> None:
        """Say what is to be said by now, and decide what is to be decided."""
        for told in self._agreement.due(monotonic()):
            self._company.tell(told)
        self._changed.set()
        self._settle()

    def _settle(self) -> None:
        """Do what is decided."""
        now = monotonic()
        mine = self._mine
        if mine is None or mine.over:
            return
        if mine.bid.state is State.WON and not mine.begun:
            self._answer(mine, now)
        elif mine.bid.state is State.LOST:
            mine.over = True
            if mine.begun:
                self._turns.withdraw(mine.utterance)
            mine.utterance.close()
            self._on_yield()
            self._tell_yielded(mine)

    def _answer(self, mine: _OwnBid, now: float) -> None:
        mine.begun = True
        if self._company.others():
            waited = round(now - mine.bid.at, 4)
            turn = mine.utterance.id
            self._publish(events.Chosen(word=mine.word, waited=waited, turn=turn))
        if not self._turns.start(mine.utterance):
            mine.over = True
            self._agreement.withdraw()
            mine.utterance.close()

    def _tell_yielded(self, mine: _OwnBid) -> None:
        """Tell that another one answers, once for a word that was said once."""
        now, (word, at) = monotonic(), self._yielded
        self._yielded = mine.bid.word, now
        if word == mine.bid.word and now - at < ANSWERED:
            return
        to, waited = self._company.name(mine.bid.to), round(now - mine.bid.at, 4)
        self._publish(events.Yielded(to=to, word=mine.word, waited=waited))
        self._company.yielded(to)

    def _claimed(self, claim: Claim, answered: bool) -> None:
        """Another satellite claims a wake word, or has decided to answer it."""
        now = monotonic()
        if self._agreement.hear(now, claim, answered=answered) and not answered:
            self._consider(claim, now)
        self._settle()
        self._changed.set()  # what it needs to be told, when all that has arrived is read

    def _consider(self, claim: Claim, now: float) -> None:
        """Claim a word, too, that our own detector has not heard yet, where we hear it better.

        Detectors hear one word up to 0.3 s apart, and a worse placed one may be the first.
        """
        name = self._words.get(claim.word)
        if name is None or self._turns.busy:
            return
        rushed = len(self._looks) == LOOKS and now - self._looks[0] < 1.0
        if rushed or self._agreement.known(now, claim):
            return
        self._looks.append(now)
        audio = self._listener.recent(fingerprint.MEMORY)
        quality = fingerprint.fingerprint_of(audio).quality
        if quality <= claim.rank.quality or claim.rank.busy:
            _LOGGER.debug("%r is heard worse here: %d dB", claim.word, quality)
            return
        likeness = fingerprint.similarity(claim.print, audio, claim.age)
        _LOGGER.debug("%r is like what we hear, not yet known: %.2f", claim.word, likeness)
        if likeness >= fingerprint.ALIKE:
            score = claim.rank.score / 1000
            self._joining = Detection(word=name, score=score, sample=0, phrase=claim.word)
            self._listener.listen_now(self._joining, self._settings.listen.preroll)
            self._joining = None
