"""Texts at which an answer ends, themselves left out."""

from __future__ import annotations

from collections.abc import Iterable


class StopTexts:
    """Takes an answer piece by piece, and returns what certainly stands before a stop."""

    def __init__(self, stops: Iterable[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = max((len(stop) for stop in self._stops), default=1) - 1
        self._rest = ""
        self.reached = False
        """Whether a stop has come."""

    def push(self, text: str) -> str:
        """Return the text that is certain now."""
        self._rest += text
        places = [place for stop in self._stops if (place := self._rest.find(stop)) >= 0]
        if places:
            self.reached = True
            return self._rest[: min(places)]
        cut = max(0, len(self._rest) - self._held)
        certain, self._rest = self._rest[:cut], self._rest[cut:]
        return certain

    def flush(self) -> str:
        """Return the rest, where no stop has come."""
        return "" if self.reached else self._rest
