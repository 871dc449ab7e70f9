"""The wake words that Home Assistant offers for choice, and those that were chosen."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Annotated

import msgspec

from satellite.arbitration.protocol import normalized_word
from satellite.lib.persistence import StoredValue
from satellite.values import Detection, EngineInfo, ModelInfo

MOST = 64
"""Wake words that are listed: an engine has a dozen."""

AT_ONCE = 2
"""Wake words that Home Assistant lets choose, each with an assistant of its own."""

Choice = Annotated[
    tuple[Annotated[str, msgspec.Meta(max_length=200)], ...], msgspec.Meta(max_length=MOST)
]


def choice_store(satellite: str) -> StoredValue[Choice | None]:
    """Return the file of the words that Home Assistant has chosen for a satellite."""
    return StoredValue.for_satellite(
        "wake-words",
        satellite,
        Choice | None,  # type: ignore[arg-type]
        None,
    )


class WakeWordChoice:
    """Which of the words that the satellite listens for call it."""

    def __init__(
        self,
        satellite: str,
        info: Callable[[], EngineInfo],
        listened_for: Callable[[], Collection[str]],
    ) -> None:
        """`info` describes the wake engine; `listened_for` returns the words, in the words of
        `normalized_word`, of the settings, empty for all."""
        self._info = info
        self._listened_for = listened_for
        self._store = choice_store(satellite)
        self._chosen = self._store.read()
        self.score: float | None = None
        """The score of the newest detection, 0 to 1."""

    @property
    def available(self) -> tuple[ModelInfo, ...]:
        """The words that the satellite listens for."""
        words = self._listened_for()
        return tuple(
            model
            for model in self._info().models
            if model.installed and (not words or normalized_word(model.name) in words)
        )[:MOST]

    @property
    def active(self) -> tuple[str, ...]:
        """The names of those that call it: all, until some were chosen."""
        names = tuple(model.name for model in self.available)
        if self._chosen is None:
            return names
        return tuple(name for name in self._chosen if name in names)

    def choose(self, names: Collection[str]) -> None:
        """Let only these words call the satellite; those that are not available are left out."""
        known = {model.name for model in self.available}
        self._chosen = tuple(dict.fromkeys(name for name in names if name in known))
        self._store.write(self._chosen)

    def accepts(self, detection: Detection | None) -> bool:
        """Return whether a detected word calls the satellite; also what began without a word."""
        if detection is not None:
            self.score = detection.score
        if detection is None or self._chosen is None:
            return True
        known = {model.name for model in self.available}
        return detection.word in self._chosen or detection.word not in known

    def phrase_of(self, name: str) -> str:
        """Return what one says for the name of a word."""
        phrases = (model.phrase for model in self._info().models if model.name == name)
        return next(filter(None, phrases), "") or name.replace("_", " ").title()
