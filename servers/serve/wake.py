"""Wake words as a Wyoming service."""

from __future__ import annotations

from contextlib import aclosing

from wyoming import wake as wy
from wyoming.event import Event

from satellite.net.memory_budget import Budget
from satellite.net.messages import read
from satellite.net.remotes.wake import STOPPED
from satellite.values import SPEECH, Detection, DetectRequest
from servers.serve.incoming_audio import IncomingAudio, is_audio
from servers.serve.service import RequestHandler, Service, Write


class WakeService(Service):
    """Detects wake words in a stream of audio until it ends; the event `detect` is optional."""

    role = "wake"

    def begin(
        self,
        event: Event,
        current: RequestHandler | None,
        model: str | None,
        memory: Budget,
    ) -> RequestHandler | None:
        chosen = (model,) if model else ()
        if wy.Detect.is_type(event.type):
            return _DetectionHandler(self, DetectRequest(words=_words(event) or chosen), memory)
        if current is None and is_audio(event):
            return _DetectionHandler(self, DetectRequest(words=chosen), memory)
        return None


class _DetectionHandler(RequestHandler):
    def __init__(self, service: Service, request: DetectRequest, memory: Budget) -> None:
        self._pool = service.pool
        self._request = request
        self._audio = IncomingAudio(memory)

    @property
    def size(self) -> tuple[float, str]:
        return self._audio.seconds, "s"

    async def feed(self, event: Event) -> None:
        self.expects_more = await self._audio.feed(event)

    async def run(self, write: Write) -> None:
        detected = False
        async with (
            aclosing(self._audio.samples()) as audio,
            aclosing(self._pool.submit("detect", audio, self._request)) as detections,
        ):
            async for detection in detections:
                detected = True
                await write(_detection(detection, self._audio.origin or 0))
        await write(Event(STOPPED) if detected else wy.NotDetected().event())

    def discard(self) -> None:
        self._audio.discard()


def _detection(detection: Detection, origin: int) -> Event:
    """Return a detection, timed by the client's clock, with our fields beyond Wyoming's."""
    milliseconds = origin + detection.sample * 1000 // SPEECH.rate
    event = wy.Detection(name=detection.word, timestamp=milliseconds).event()
    event.data |= {
        "sample": detection.sample,
        "score": detection.score,
        "phrase": detection.phrase,
    }
    return event


def _words(event: Event) -> tuple[str, ...]:
    return tuple(read(wy.Detect, event).names or ())
