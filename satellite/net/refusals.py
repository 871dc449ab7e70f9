"""Logging of refused peers that does not let them fill the log."""

from __future__ import annotations

import logging
from collections import OrderedDict

_LOGGER = logging.getLogger(__name__)

_AGAIN = 600.0
"""Seconds without a refusal of the same kind after which the next one is logged again."""
_KNOWN = 256
"""Refusals remembered: of a flood from many addresses the first ones are logged."""


class Refusals:
    """The refusals of one service: the first of each kind is logged at its level, repeats at
    debug."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last: OrderedDict[tuple[str, str], float] = OrderedDict()

    def log(
        self, now: float, kind: str, address: str, text: str, level: int = logging.WARNING
    ) -> None:
        """Log a refusal at the monotonic time `now`; `address` is the peer's, if it matters."""
        key = (kind, address)
        for old in list(self._last):
            if now - self._last[old] < _AGAIN:
                break
            del self._last[old]
        new = key not in self._last and len(self._last) < _KNOWN
        if key in self._last or new:
            self._last[key] = now
            self._last.move_to_end(key)
        _LOGGER.log(level if new else logging.DEBUG, "%s: %s", self._name, text)
