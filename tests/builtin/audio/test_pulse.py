"""Every kind of microphone and speaker with a real PulseAudio, by tones."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from time import monotonic

import pytest

from satellite.audio.capture import Capture
from satellite.audio.playback import Playback
from satellite.components import spec
from satellite.errors import DeviceLost, DeviceMissing
from satellite.events import Event
from satellite.requirements import Library
from satellite.values import SPEECH, AudioChunk
from tests.support.pulse import HEARD, MICROPHONE, ROOM, SPEAKER, PulseServer
from tests.support.sound import pitch, tone, trimmed, voiced

_SHAPE = "--raw --format=s16le --channels=1"
MICS = [
    "alsa:pulse",
    "alsa:pulse?rate=44100&channels=2",
    f"command:parec {_SHAPE} --rate=16000 --latency-msec=30",
    "portaudio",
    "portaudio:pulse?rate=48000",
    "pulse",
    f"pulse:{MICROPHONE}?rate=44100&channels=2",
]
SPEAKERS = [
    "alsa:pulse",
    "alsa:pulse?rate=48000&channels=2",
    f"command:pacat {_SHAPE} --rate=22050",
    "portaudio",
    "portaudio:pulse?rate=48000",
    "pulse",
    f"pulse:{SPEAKER}?rate=48000&channels=2",
]
LOSABLE_MICS = [MICS[0], MICS[2], "portaudio:pulse", f"pulse:{MICROPHONE}"]
LOSABLE_SPEAKERS = [SPEAKERS[0], SPEAKERS[2], "portaudio:pulse", f"pulse:{SPEAKER}"]


@pytest.fixture(autouse=True)
def require_portaudio(request: pytest.FixtureRequest) -> None:
    if "portaudio" in request.node.name and Library("portaudio", "libportaudio2").missing():
        pytest.skip("PortAudio is not installed (Debian package libportaudio2)")


async def heard_of(
    frames: AsyncGenerator[bytes, None], pulse: PulseServer, sound: bytes
) -> list[bytes]:
    """Play a sound into the room; return the chunks captured until 0.4 s after its end."""
    chunks: list[bytes] = []
    async with asyncio.TaskGroup() as tasks:
        playing = tasks.create_task(asyncio.to_thread(pulse.play, sound))
        left = 0.4
        while left > 0:
            chunks.append(await anext(frames))
            if playing.done():
                left -= SPEECH.seconds(chunks[-1])
    return chunks


def clip(frequency: float, seconds: float) -> AudioChunk:
    return AudioChunk(audio=tone(frequency, seconds), format=SPEECH)


class Recorder:
    """Records the speaker on a thread, while the event loop plays."""

    def __init__(self, pulse: PulseServer, source: str = HEARD) -> None:
        self._pulse = pulse
        self._source = source
        self._began, self._enough = threading.Event(), threading.Event()
        self.heard = b""

    def run(self) -> None:
        with self._pulse.record(self._source) as heard:
            self._began.set()
            self._enough.wait(30)
        self.heard = bytes(heard)

    @asynccontextmanager
    async def recording(self) -> AsyncGenerator[None, None]:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.to_thread(self.run))
            try:
                await asyncio.to_thread(self._began.wait, 10)
                yield
                await asyncio.sleep(0.2)  # what was heard last is still on its way
            finally:
                self._enough.set()


@pytest.mark.parametrize("component", MICS)
async def test_sound_in_the_room_is_captured(pulse: PulseServer, component: str) -> None:
    capture = Capture(spec.create("mic", component), lambda event: None)
    async with aclosing(capture.frames()) as frames:
        await anext(frames)
        chunks = await heard_of(frames, pulse, tone(700, 0.6))
    audio = b"".join(chunks)
    assert pitch(audio) == pytest.approx(700, abs=5)
    assert 0.58 < voiced(audio) < 0.9  # whole; more where the busy machine tore it apart
    assert SPEECH.seconds(audio) / len(chunks) < 0.07  # the end of speech is known that soon
    await asyncio.to_thread(wait_for_silence, pulse)


def wait_for_silence(pulse: PulseServer) -> None:
    """No stream may be left behind; the server needs a moment to see its clients leave."""
    deadline = monotonic() + 3
    while pulse.streams():
        assert monotonic() < deadline, "a stream was left behind"


@pytest.mark.parametrize("component", SPEAKERS)
async def test_a_clip_is_played_whole_and_once(pulse: PulseServer, component: str) -> None:
    events: list[Event] = []
    playback = Playback(spec.create("speaker", component), events.append)
    await playback.open()
    recorder = Recorder(pulse)
    async with recorder.recording():
        began = monotonic()
        await playback.play_clip(clip(900, 0.5))
        took = monotonic() - began
        await playback.play_clip(clip(500, 0.4))
    await playback.close()
    assert took > 0.45  # it returns when it was heard, not when it was handed over
    heard = trimmed(recorder.heard)
    assert 0.88 < SPEECH.seconds(heard) < 1.4  # both, and a gap between them
    assert pitch(heard[: SPEECH.bytes_of(0.48)]) == pytest.approx(900, abs=5)
    assert pitch(heard[-SPEECH.bytes_of(0.38) :]) == pytest.approx(500, abs=5)
    assert [event.kind for event in events if event.kind == "error"] == []
    await asyncio.to_thread(wait_for_silence, pulse)


@pytest.mark.parametrize("component", LOSABLE_SPEAKERS)
async def test_stop_silences_at_once(pulse: PulseServer, component: str) -> None:
    playback = Playback(spec.create("speaker", component), lambda event: None)
    await playback.open()
    recorder = Recorder(pulse)
    async with recorder.recording(), asyncio.TaskGroup() as tasks:
        tasks.create_task(playback.play_clip(clip(900, 5)))
        await asyncio.sleep(0.5)
        began = monotonic()
        await playback.stop()
        assert monotonic() - began < 0.3
        await asyncio.sleep(0.5)
    await playback.close()
    assert 0.1 < voiced(recorder.heard) < 1.0


@pytest.mark.parametrize("component", LOSABLE_MICS)
async def test_a_lost_microphone_is_reported_and_reopened(
    pulse: PulseServer, component: str
) -> None:
    events: list[Event] = []
    capture = Capture(spec.create("mic", component), events.append)
    async with aclosing(capture.frames()) as frames:
        await anext(frames)
        await asyncio.to_thread(pulse.kill)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.to_thread(pulse.start))
            while not events:
                await anext(frames)
        audio = b"".join(await heard_of(frames, pulse, tone(600, 0.4)))
    assert [event.kind for event in events] == ["error"]
    assert pitch(audio) == pytest.approx(600, abs=5)


@pytest.mark.parametrize("component", LOSABLE_SPEAKERS)
async def test_a_lost_speaker_is_reported_and_reopened(pulse: PulseServer, component: str) -> None:
    events: list[Event] = []
    playback = Playback(spec.create("speaker", component), events.append)
    await playback.open()
    async with asyncio.TaskGroup() as tasks:
        lost = tasks.create_task(lose(playback))
        await asyncio.sleep(0.4)
        await asyncio.to_thread(pulse.kill)
        await lost
    await lose(playback)  # it is still away
    assert [event.kind for event in events] == ["error", "error"]
    await asyncio.to_thread(pulse.start)
    recorder = Recorder(pulse)
    async with recorder.recording():
        await playback.play_clip(clip(800, 0.4))
    await playback.close()
    assert pitch(recorder.heard) == pytest.approx(800, abs=5)


async def lose(playback: Playback) -> None:
    with pytest.raises(DeviceLost):
        await playback.play_clip(clip(900, 5))


async def test_a_source_and_a_sink_that_are_not_the_defaults_are_chosen_by_name(
    pulse: PulseServer,
) -> None:
    """Sound played into the sink `room` is recorded at its monitor, and not at the speaker's."""
    capture = Capture(spec.create("mic", f"pulse:{HEARD}"), lambda event: None)
    playback = Playback(spec.create("speaker", f"pulse:{ROOM}"), lambda event: None)
    await playback.open()
    recorder = Recorder(pulse, MICROPHONE)
    async with recorder.recording():
        await playback.play_clip(clip(900, 0.5))
    await playback.close()
    assert pitch(recorder.heard) == pytest.approx(900, abs=5)
    async with aclosing(capture.frames()) as frames:
        await anext(frames)
        async with asyncio.TaskGroup() as tasks:
            playing = tasks.create_task(asyncio.to_thread(pulse.play, tone(700, 0.4), SPEAKER))
            chunks = [await anext(frames)]
            while not playing.done():
                chunks.append(await anext(frames))
    assert pitch(b"".join(chunks)) == pytest.approx(700, abs=5)


async def test_an_unknown_name_is_reported_with_the_names_there_are(pulse: PulseServer) -> None:
    with pytest.raises(DeviceMissing) as caught:
        await spec.create("speaker", "pulse:elsewhere").open()
    assert str(caught.value) == (
        "speaker pulse:elsewhere: the sink elsewhere is unknown (known: speaker, room); "
        "see: satellite devices"
    )
    with pytest.raises(DeviceMissing, match=r"did you mean room\.monitor\?"):
        await spec.create("mic", "pulse:room.moniter").open()
    assert pulse.streams() == 0


@pytest.mark.parametrize("name", ["pulse", "pulse:speaker"])
async def test_a_sound_server_that_is_down_is_reported(pulse: PulseServer, name: str) -> None:
    await asyncio.to_thread(pulse.kill)
    for role in ("mic", "speaker"):
        with pytest.raises(DeviceMissing, match=rf"^\w+ {name}: .*[Cc]onn"):
            await spec.create(role, name).open()


async def test_a_sound_server_that_hangs_is_reported(pulse: PulseServer) -> None:
    pulse.halt()
    try:
        async with asyncio.timeout(5):
            with pytest.raises(DeviceMissing, match="no sound server answers"):
                await spec.create("mic", f"pulse:{MICROPHONE}").open()
    finally:
        pulse.resume()


@pytest.mark.parametrize(
    "name", ["alsa:no-such-device", "portaudio:no-such-device", "pulse:no-such-device"]
)
async def test_a_missing_device_is_reported(pulse: PulseServer, name: str) -> None:
    assert pulse.streams() == 0
    for role in ("mic", "speaker"):
        with pytest.raises(DeviceMissing, match="no-such-device") as caught:
            await spec.create(role, name).open()
        assert "\n" not in str(caught.value)
