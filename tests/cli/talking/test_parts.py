"""The parts of `satellite talk` without a terminal: keys, names of models, the voice's rate."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from satellite.cli.talking.choose_model import component_of
from satellite.cli.talking.keyboard import Key, Line, keys
from satellite.cli.talking.voice_rate import with_voice_rate
from satellite.components import spec
from satellite.errors import ConfigError
from satellite.listening.voice_watch import FRAMES, VoiceWatch
from satellite.settings import Settings
from satellite.turns.conversation import Conversation
from satellite.values import DetectRequest


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("hi\r", ["h", "i", Key.ENTER]),
        ("\r", [Key.ENTER]),
        ("\r\r", [Key.ENTER, Key.ENTER]),
        ("\x1b[A\x1b[3~\x1bOPx", ["x"]),
        ("a\x7f\x03\x04", ["a", Key.BACKSPACE, Key.INTERRUPT, Key.END]),
        ("one\r\ntwo\nthree", list("one two three")),
        ("one\ntwo\n", [*"one two", Key.ENTER]),
        ("小爱", ["小", "爱"]),
        ("\x00\x07", []),
    ],
)
def test_keys(typed: str, expected: list[Key | str]) -> None:
    assert list(keys(typed)) == expected


def test_a_line_is_corrected_and_bounded() -> None:
    line = Line()
    for key in keys("abc\x7fd\x15xyz" + "y" * 10_000):
        line.take(key)
    text = line.finish()
    assert text.startswith("xyzy")
    assert len(text) == 8000
    assert line.text == ""


@pytest.mark.parametrize(
    ("name", "component", "label", "expected"),
    [
        ("qwen2.5-0.5b", "llamacpp:qwen2.5-1.5b", "llamacpp", "llamacpp:qwen2.5-0.5b"),
        ("llama3.2:1b", "auto", "ollama", "ollama:llama3.2:1b"),
        ("gguf:qwen3-4b", "intents", "intents", "llamacpp:qwen3-4b"),
        ("ollama:llama3.2:1b", "intents", "intents", "ollama:llama3.2:1b"),
        ("intents", "auto", "tcp://a:1", "intents"),
        ("intents,ollama:a", "auto", "intents", "intents,ollama:a"),
        ("tcp://pi:10400", "auto", "intents", "tcp://pi:10400"),
    ],
)
def test_names_of_models(name: str, component: str, label: str, expected: str) -> None:
    assert component_of(name, component, label) == expected


def test_a_name_without_an_engine_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match="write ENGINE:MODEL"):
        component_of("qwen", "auto", "tcp://pi:10400")


@pytest.mark.parametrize(
    ("tts", "expected"),
    [
        ("espeak", {"rate": "200"}),
        ("espeak:de?pitch=40&rate=90", {"rate": "200", "pitch": "40"}),
        ("piper:en_US-joe-medium", {"rate": "1.21"}),
        ("system:Samantha", {"rate": "200"}),
        ("gpt-sovits?voice=anna", {"speed_factor": "1.21", "voice": "anna"}),
        ("openai?url=http://h:1/v1", {"speed": "1.21", "url": "http://h:1/v1"}),
    ],
)
async def test_the_rate_of_the_voice(tts: str, expected: dict[str, str]) -> None:
    changed = spec.parse((await with_voice_rate(Settings(tts=tts), 200)).tts)
    assert changed.options == expected
    assert changed.plugin == tts.partition(":")[0].partition("?")[0]
    spec.read_options("tts", (await with_voice_rate(Settings(tts=tts), 200)).tts)


async def test_no_rate_changes_nothing_and_a_server_sets_its_own() -> None:
    assert (await with_voice_rate(Settings(), None)) == Settings()
    with pytest.raises(ConfigError, match="name a voice of this machine"):
        await with_voice_rate(Settings(tts="tcp://h:1"), 200)


class Marked:
    """A detector for which a frame of ones is a voice."""

    frame_samples = 160

    def load(self) -> None: ...

    def reset(self) -> None: ...

    def probability(self, frame: bytes) -> float:
        return float(frame[0])


async def pieces(sound: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(sound), 500):
        yield sound[start : start + 500]


async def test_a_voice_is_noticed_once_and_a_click_is_not() -> None:
    voiced, quiet = b"\1" * 320, bytes(320)
    begun: list[int] = []
    watch = VoiceWatch(Marked(), 0.5, lambda: begun.append(1))
    sound = quiet * 3 + voiced * (FRAMES - 1) + quiet + voiced * 10 + quiet
    found = [d async for d in watch.detect(pieces(sound), DetectRequest())]
    assert (found, begun) == ([], [1])


def test_a_conversation_that_is_read_remembers_what_was_written() -> None:
    heard, read = Conversation(), Conversation(read=True, forgotten=float("inf"))
    for conversation in (heard, read):
        conversation.add("hi", "One.", written="One. Two.")
    assert [message.text for message in heard.history()] == ["hi", "One."]
    assert [message.text for message in read.history()] == ["hi", "One. Two."]
    before = read.id
    read.clear()
    assert read.history() == ()
    assert read.id != before
