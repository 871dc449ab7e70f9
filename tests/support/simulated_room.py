"""A room whose microphone picks up its speaker, on one sample clock, faster than real time.

with the speaker's samples -> its latency -> its clock's drift -> the room -> + voices + noise
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

import numpy as np

from satellite.ports import Wake
from satellite.values import SPEECH, AudioFormat, Detection, DetectRequest, EngineInfo
from tests.support.acoustics import RATE, Samples, pcm, response, room_noise, samples

CHUNK = 512
"""Samples that the microphone delivers at once."""

BUFFER = RATE // 4
"""Samples of the speaker's buffer."""

_TAPS = 32
"""Taps of the interpolation filter for clocks that differ."""

BEHIND = RATE // 2
"""Samples that listeners may lag before the microphone waits for them."""


class SimulatedRoom:
    """The clock, the air and the voices of a room; `microphone` and `speaker` are its devices."""

    def __init__(
        self,
        *,
        leak: float = 0.1,
        latency: float = 0.1,
        distance: float = 0.3,
        reverberation: float = 0.25,
        noise: float = -62.0,
        drift: float = 0.0,
        channels: int = 1,
    ) -> None:
        """`leak`: gain from the speaker to the microphone (factor); `latency` in seconds;
        `distance` from speaker to microphone in metres; `reverberation` in seconds (RT60); `noise`
        in dBFS; `drift`: relative speed of the speaker's clock (1e-4 is 100 ppm)."""
        self.now = 0
        """Samples that the microphone has delivered."""
        self.waits_for: Callable[[], bool] = lambda: False
        """Whether time has to stand still because a listener lags."""
        self.microphone = RoomMicrophone(self)
        self.speaker = RoomSpeaker(self)
        self._room = leak * response(distance, reverberation, 5)
        self._noise = room_noise(20.0, noise, 3)
        self._voices: list[tuple[int, Samples]] = []
        self._echo = np.zeros(CHUNK + len(self._room))
        self._air = np.zeros(round(latency * RATE))
        self._queue = np.zeros(0)
        self._before = np.zeros(_TAPS)
        self._ahead = 0.0
        self._drift = drift
        self._tick = asyncio.Event()

    @property
    def queued(self) -> int:
        """Samples in the speaker's buffer."""
        return len(self._queue)

    def say(self, sound: Samples, after: float = 0.0) -> int:
        """Play a voice `after` seconds from now; return the position of its end."""
        start = self.now + round(after * RATE)
        self._voices.append((start, sound))
        return start + len(sound)

    def hand(self, audio: bytes) -> None:
        """Add samples to the speaker's buffer."""
        self._queue = np.concatenate((self._queue, samples(audio)))

    def hush(self) -> None:
        """Clear the speaker's buffer."""
        self._queue = np.zeros(0)

    async def pass_time(self) -> None:
        """Wait until the microphone has delivered its next samples."""
        self._tick.clear()
        await self._tick.wait()

    async def until(self, position: int) -> None:
        """Wait until the microphone has delivered this many samples."""
        while self.now < position:
            await self.pass_time()

    def step(self) -> bytes:
        """Return the microphone's next samples."""
        near = np.take(self._noise, range(self.now, self.now + CHUNK), mode="wrap")
        near = near + self._next_echo()
        for start, sound in self._voices:
            first, last = max(start, self.now), min(start + len(sound), self.now + CHUNK)
            if first < last:
                near[first - self.now : last - self.now] += sound[first - start : last - start]
        self._voices = [voice for voice in self._voices if voice[0] + len(voice[1]) > self.now]
        self.now += CHUNK
        self._tick.set()
        return pcm(near)

    def _next_echo(self) -> Samples:
        self._air = np.concatenate((self._air, self._next_played()))
        arriving, self._air = self._air[:CHUNK], self._air[CHUNK:]
        if arriving.any():
            size = 2 * (CHUNK + len(self._room))
            whole = np.fft.irfft(np.fft.rfft(arriving, size) * np.fft.rfft(self._room, size), size)
            self._echo += whole[: len(self._echo)]
        echo = self._echo[:CHUNK].copy()
        self._echo = np.concatenate((self._echo[CHUNK:], np.zeros(CHUNK)))
        return echo

    def _next_played(self) -> Samples:
        """Return the speaker's sound during a microphone chunk, by the speaker's clock."""
        moments = self._ahead + np.arange(CHUNK) * (1 + self._drift)
        last = int(moments[-1] + 1 + self._drift)  # the first of the next chunk
        taken = np.pad(self._queue[:last], (0, max(0, last - len(self._queue))))
        self._queue = self._queue[last:]
        self._ahead = float(moments[-1] + 1 + self._drift - last)
        around = np.concatenate((self._before, taken))
        self._before = around[-_TAPS:]
        if not self._drift:
            return around[_TAPS // 2 :][:CHUNK]
        whole = np.floor(moments).astype(int)
        taps = np.arange(_TAPS)
        beside = taps - _TAPS // 2 - (moments - whole)[:, None]
        weights = np.sinc(beside) * np.cos(np.pi * beside / (_TAPS + 2)) ** 2
        played: Samples = (around[whole[:, None] + taps] * weights).sum(axis=1)
        return played


class RoomMicrophone:
    """Delivers sound on demand, once all listeners have processed the earlier sound."""

    def __init__(self, room: SimulatedRoom) -> None:
        self._room = room
        self.finished = False
        self.overruns = 0

    async def open(self) -> AudioFormat:
        return SPEECH

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        while self._room.waits_for():
            await asyncio.sleep(0.0005)
        return self._room.step()

    async def close(self) -> None:
        pass


class RoomSpeaker:
    """Buffers a quarter of a second and plays on the room's clock."""

    def __init__(self, room: SimulatedRoom) -> None:
        self._room = room
        self.underruns = 0

    async def open(self) -> AudioFormat:
        return SPEECH

    async def write(self, audio: bytes) -> None:
        self._room.hand(audio)
        while self._room.queued > BUFFER:
            await self._room.pass_time()

    async def drain(self) -> None:
        while self._room.queued:
            await self._room.pass_time()

    async def stop(self) -> None:
        self._room.hush()

    async def close(self) -> None:
        self._room.hush()


class PacedWake:
    """A wake engine that the room's clock waits for."""

    def __init__(self, wake: Wake, room: SimulatedRoom) -> None:
        self._wake = wake
        self._room = room
        self._heard = 0
        room.waits_for = lambda: room.now - self._heard > BEHIND

    async def load(self) -> None:
        await self._wake.load()

    def describe(self) -> EngineInfo:
        return self._wake.describe()

    async def close(self) -> None:
        await self._wake.close()

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        async def counted() -> AsyncGenerator[bytes, None]:
            async for chunk in audio:
                yield chunk
                self._heard += len(chunk) // 2

        async with (
            aclosing(counted()) as heard,
            aclosing(self._wake.detect(heard, request)) as found,
        ):
            async for detection in found:
                yield detection
