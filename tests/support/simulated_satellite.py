"""The listening and playing part of a satellite in a simulated room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import numpy as np

from satellite.audio.capture import Capture
from satellite.audio.echo.frontend import FrontEnd
from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.audio.echo.stored_path import StoredPath
from satellite.audio.playback import Playback
from satellite.builtin.vad.energy import EnergyVad
from satellite.builtin.wake.own_voice import OwnVoice
from satellite.lib.persistence import StoredValue
from satellite.listening.listener import Listener, Utterance
from satellite.ports import Wake
from satellite.settings import ListenSettings, SoundSettings
from satellite.values import SPEECH, AudioChunk
from tests.support.acoustics import Samples, pcm
from tests.support.simulated_room import PacedWake, SimulatedRoom


class SimulatedSatellite:
    """A satellite that records wake words, which end its playback as in a barge-in."""

    def __init__(
        self,
        room: SimulatedRoom,
        wake: Wake,
        sound: SoundSettings | None = None,
        *,
        knows_itself: bool = True,
        store: StoredValue[StoredPath] | None = None,
    ) -> None:
        """`knows_itself`: whether it ignores its own words; `store`: where the path of the echo
        is stored."""
        self.room = room
        self.wakes: list[int] = []
        """Positions of the wake words in samples of the microphone."""
        self.cut_off = 0
        """Number of playbacks ended by a wake word."""
        self.utterances: list[bytes] = []
        self.reference = PlaybackReference()
        self.playback = Playback(room.speaker, lambda event: None, tap=self.reference)
        self._playing = False
        self._tasks: asyncio.TaskGroup | None = None
        engine = PacedWake(OwnVoice(wake, self.reference) if knows_itself else wake, room)
        capture = Capture(room.microphone, lambda event: None)
        front = FrontEnd(capture, self.reference, sound or SoundSettings(), store)
        vad = EnergyVad(EnergyVad.Options())
        self._listener = Listener(front, engine, vad, ListenSettings(), lambda event: None)

    async def run(self) -> None:
        """Listen until cancelled."""
        async with asyncio.TaskGroup() as self._tasks:
            self._tasks.create_task(self._listener.run(self._woken, lambda: False))

    async def play(self, sound: Samples) -> None:
        """Play a sound like a reply; return when it has been played or ended."""
        self._playing = True
        try:
            await self.playback.play_clip(AudioChunk(audio=pcm(sound), format=SPEECH))
        finally:
            self._playing = False

    def _woken(self, utterance: Utterance) -> bool:
        assert self._tasks is not None
        self.wakes.append(self.room.now)
        if self._playing:
            self.cut_off += 1
            self._tasks.create_task(self.playback.stop())
        self._tasks.create_task(self._keep(utterance))
        return True

    async def _keep(self, utterance: Utterance) -> None:
        self.utterances.append(b"".join([audio async for audio in utterance.audio]))


@asynccontextmanager
async def simulated(satellite: SimulatedSatellite) -> AsyncGenerator[SimulatedSatellite, None]:
    """Run the satellite during the block, in a room that it has adapted to."""
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(satellite.run())
        try:
            await satellite.room.until(satellite.room.now + 4 * SPEECH.rate)
            yield satellite
        finally:
            running.cancel()


def likeness(one: bytes, other: Samples) -> float:
    """Return the highest normalized correlation of two sounds, 0 to 1."""
    first = np.frombuffer(one, "<i2").astype(float)
    size = 1 << (len(first) + len(other)).bit_length()
    cross = np.fft.irfft(np.fft.rfft(first, size).conj() * np.fft.rfft(other, size), size)
    return float(np.abs(cross).max() / (np.linalg.norm(first) * np.linalg.norm(other) + 1e-9))
