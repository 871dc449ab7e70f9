"""The homes whose names may be said, and the limits of new ones.

A request brings the names of its home. Making a vocabulary of new names takes seconds and a
recognizer of them up to 100 MB, so that a client could keep everything busy by new names in each
request. Ordinary clients send the same names each time.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from satellite.errors import EngineBusy
from servers.asr.sphinx.vocabulary import HomeNames, Vocabulary

IN_MEMORY = 4
"""Vocabularies held in memory, 0.2 MB each."""
REMEMBERED = 64
"""Homes whose requests are counted."""
BURST = 3
"""New homes that one address may bring at once. Loading the recognizer of a large one takes up to a
second, in which no other thread can run Python; those of a house are brought once."""
EVERY = 20.0
"""Seconds after which one more is allowed."""
ADDRESSES = 256
"""Addresses that are counted."""


class Homes:
    """Known vocabularies, those of homes that were used more than once first."""

    def __init__(self, usual: HomeNames) -> None:
        """`usual` are the names that requests without any mean; they are never new."""
        self._usual = usual
        self._vocabularies: OrderedDict[HomeNames, Vocabulary] = OrderedDict()
        self._requests: OrderedDict[HomeNames, int] = OrderedDict()
        self._allowed: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """New homes that an address may still bring, and the time of that number."""

    def find(self, home: HomeNames) -> Vocabulary | None:
        """Return a vocabulary in memory."""
        return self._vocabularies.get(home)

    def count(self, home: HomeNames) -> None:
        """Count a request."""
        self._requests[home] = self._requests.pop(home, 0) + 1
        while len(self._requests) > REMEMBERED:
            self._requests.popitem(last=False)

    def returning(self, home: HomeNames) -> bool:
        """Return whether a home has sent more than one request."""
        return home == self._usual or self._requests.get(home, 0) > 1

    def add(self, home: HomeNames, vocabulary: Vocabulary) -> None:
        """Hold a vocabulary in memory, in place of a new home's or of the oldest one."""
        self._vocabularies[home] = vocabulary
        if len(self._vocabularies) > IN_MEMORY:
            others = [known for known in self._vocabularies if known != home]
            new = [known for known in others if not self.returning(known)]
            del self._vocabularies[(new or others)[0]]

    def admit_new(self, address: str) -> None:
        """Count a home that is new. Raises `EngineBusy` if an address brings too many."""
        now = asyncio.get_running_loop().time()
        left, since = self._allowed.pop(address, (float(BURST), now))
        left = min(float(BURST), left + (now - since) / EVERY)
        admitted = left >= 1
        self._allowed[address] = (left - 1 if admitted else left, now)
        while len(self._allowed) > ADDRESSES:
            self._allowed.popitem(last=False)
        if not admitted:
            raise EngineBusy(
                f"{address or 'a local client'} sends new names with every request, and one list "
                f"of new names is accepted every {EVERY:g} s: try again later"
            )
