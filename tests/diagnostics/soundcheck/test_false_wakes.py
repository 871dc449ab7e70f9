"""False wakes are counted with the sentence in which they happened."""

from __future__ import annotations

from collections.abc import AsyncIterator

from satellite.diagnostics.soundcheck.false_wakes import false_wakes
from satellite.diagnostics.soundcheck.read_aloud import Reading
from satellite.values import SPEECH, Detection, DetectRequest


class Wakes:
    """A wake engine that hears its word at seconds of the sound."""

    def __init__(self, *seconds: float) -> None:
        self._samples = [round(each * SPEECH.rate) for each in seconds]
        self.bytes = 0

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncIterator[Detection]:
        async for piece in audio:
            self.bytes += len(piece)
            while self._samples and self.bytes >= 2 * self._samples[0]:
                yield Detection(word=request.words[0], score=0.7, sample=self._samples.pop(0))


async def readings() -> AsyncIterator[Reading]:
    for number in range(3):
        yield Reading(f"voice {number % 2}", f"text {number}", bytes(SPEECH.bytes_of(1200)))


async def test_each_false_wake_names_what_was_said() -> None:
    progress: list[float] = []
    engine = Wakes(100, 1300, 3600.5)
    request = DetectRequest(words=("okay_nabu",))
    found = await false_wakes(engine, request, readings(), progress.append)
    assert [(each.text, each.voice) for each in found.found] == [
        ("text 0", "voice 0"),
        ("text 1", "voice 1"),
        ("text 2", "voice 0"),  # heard in the silence after the last one
    ]
    assert (found.seconds, found.an_hour, len(found.voices)) == (3600, 3, 2)
    assert progress == [1200, 1200, 1200]


async def test_no_reading_is_no_false_wake() -> None:
    async def nothing() -> AsyncIterator[Reading]:
        for reading in ():
            yield reading

    found = await false_wakes(Wakes(), DetectRequest(), nothing(), lambda seconds: None)
    assert (found.seconds, found.an_hour, found.found) == (0, 0.0, ())
