"""Wake words as a Wyoming service."""

from __future__ import annotations

from contextlib import aclosing

from wyoming import wake as wy
from wyoming.event import Event

from satellite.net.messages import read
from satellite.net.remotes.wake import STOPPED
from satellite.values import SPEECH, Detection, DetectRequest
from servers.serve.incoming_audio import IncomingAudio, is_audio
from servers.serve.work import Service, Work, Write


class WakeService(Service):
    """Listens to a stream of audio for as long as it lasts; `detect` may be left out."""

    role = "wake"

    def begin(self, event: Event, current: Work | None, model: str | None) -> Work | None:
        chosen = (model,) if model else ()
        if wy.Detect.is_type(event.type):
            return _Listening(self, DetectRequest(words=_words(event) or chosen))
        if current is None and is_audio(event):
            return _Listening(self, DetectRequest(words=chosen))
        return None


class _Listening(Work):
    def __init__(self, service: Service, request: DetectRequest) -> None:
        self._pool = service.pool
        self._request = request
        self._sound = IncomingAudio(service.held)

    @property
    def size(self) -> tuple[float, str]:
        return self._sound.seconds, "s"

    async def feed(self, event: Event) -> None:
        self.open = await self._sound.feed(event)

    async def run(self, write: Write) -> None:
        heard = False
        async with (
            aclosing(self._sound.samples()) as audio,
            aclosing(self._pool.submit("detect", audio, self._request)) as detections,
        ):
            async for detection in detections:
                heard = True
                await write(_detection(detection, self._sound.origin or 0))
        await write(Event(STOPPED) if heard else wy.NotDetected().event())

    def discard(self) -> None:
        self._sound.discard()


def _detection(detection: Detection, origin: int) -> Event:
    """A detection on the client's own clock, with our fields for what Wyoming cannot say."""
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
