"""The end of a turn by the melody of the voice, beside its transcription."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from satellite.errors import SatelliteError
from satellite.lib.platform.processes import lower_priority
from satellite.listening.melody.network import SECONDS, SmartTurn
from satellite.settings import Settings
from satellite.values import SPEECH

_LOGGER = logging.getLogger(__name__)

NAME = "smart-turn-v3.2"
"""The network in the folder of models."""

SURE = 0.9
"""Probability above which a person is taken to have finished: of people's unfinished English
sentences, a fifth to a half is above it, so that this shortens the silence but does not end it."""

SLOWEST = 0.4
"""Seconds of CPU that a look may take: later, the usual silence is nearly over."""

UNUSED = 120.0
"""Seconds after the last utterance until the network is unloaded, which has 50 MB."""

_NICE = 2
"""Steps of nice(1) below the event loop's."""


class Melody:
    """Looks at pauses, on a thread of its own. Nothing is loaded before the first utterance."""

    def __init__(self, find: Callable[[], Path]) -> None:
        """`find` returns the network's file, or raises `ModelMissing`; called on the thread."""
        self._find = find
        self._network: SmartTurn | None = None
        self._useless = False
        """It is missing, cannot be loaded, or is too slow here."""
        self._unload: asyncio.TimerHandle | None = None
        self._executor = ThreadPoolExecutor(
            1, thread_name_prefix="melody", initializer=partial(lower_priority, _NICE)
        )

    def begin(self) -> None:
        """Load the network, later, for an utterance that begins."""
        if self._useless:
            return
        self._executor.submit(self._load)
        if self._unload is not None:
            self._unload.cancel()
        loop = asyncio.get_running_loop()
        self._unload = loop.call_later(UNUSED, self._executor.submit, self._forget)

    async def finished(self, sound: bytes) -> bool | None:
        """Return whether a person has finished; None where nothing can be said.

        `sound`: 16 kHz mono up to 0.2 s of silence.
        """
        if self._useless:
            return None
        loop = asyncio.get_running_loop()
        probability = await loop.run_in_executor(self._executor, self._look, sound)
        return None if probability is None else probability > SURE

    def close(self) -> None:
        """Drop what waits. Idempotent."""
        if self._unload is not None:
            self._unload.cancel()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _look(self, sound: bytes) -> float | None:  # on the thread
        self._load()
        if self._network is None:
            return None
        try:
            probability = self._network.probability(sound)
        except SatelliteError as error:
            self._give_up(str(error))
            return None
        _LOGGER.debug("finished with a probability of %.2f", probability)
        return probability

    def _load(self) -> None:  # on the thread
        if self._network is not None or self._useless:
            return
        try:
            network = SmartTurn(self._find())
            seconds = min(_timed(network) for _ in range(2))
        except SatelliteError as error:
            self._give_up(str(error))
            return
        if seconds > SLOWEST:
            self._give_up(
                f"a look takes {seconds:.2f} s on this machine, and is of use within {SLOWEST:g} s"
            )
            return
        _LOGGER.info("Smart Turn is loaded: a look at a pause takes %.0f ms", 1000 * seconds)
        self._network = network

    def _forget(self) -> None:  # on the thread
        self._network = None

    def _give_up(self, reason: str) -> None:
        _LOGGER.warning("requests end without Smart Turn: %s", reason)
        self._useless, self._network = True, None


@contextmanager
def melody(settings: Settings) -> Iterator[Melody | None]:
    """Yield what hears the end of a turn; None where it is switched off."""
    if not (settings.listen.smart_turn and settings.listen.by_meaning):
        yield None
        return
    listener = Melody(partial(_stored, settings))
    try:
        yield listener
    finally:
        listener.close()


def _stored(settings: Settings) -> Path:
    """Return the file of the network. Raises `ModelMissing`."""
    # the base installation starts without the servers
    from servers.models.names import TURN
    from servers.models.store import Store
    from servers.models.turn_models import KNOWN

    return Store.for_settings(settings.models).find(TURN, NAME) / KNOWN[NAME].file


def _timed(network: SmartTurn) -> float:
    """Return the seconds of CPU of a look at silence: the network runs on the calling thread."""
    began = time.thread_time()
    network.probability(bytes(SPEECH.bytes_of(SECONDS)))
    return time.thread_time() - began
