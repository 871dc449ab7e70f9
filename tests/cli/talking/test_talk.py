"""`satellite talk` at a terminal, in a pipe, and in a room with a microphone and a speaker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from satellite.values import ReplyPart, ReplyRequest
from servers.serve.server import serving
from tests.cli.program import satellite
from tests.cli.talking.talker import Talker
from tests.support.engines import Scripted, ScriptedLlm
from tests.support.people import TEXTS, write_wav
from tests.support.pulse import PulseServer
from tests.support.speaker_network import write_network
from tests.support.speech import silence, speak

pytestmark = pytest.mark.timeout(180)

ALONE = ("--no-zeroconf", "--set", "models.ollama=http://127.0.0.1:1")
SILENT = (*ALONE, "--no-voice")
ROOM = (*ALONE, "--mic", "pulse", "--speaker", "pulse", "--asr", "pocketsphinx")
ROOM += ("--tts", "espeak:en-us+klatt6?rate=150")
CTRL_C, CTRL_D, BACKSPACE = "\x03", "\x04", "\x7f"


@asynccontextmanager
async def served(llm: Scripted) -> AsyncGenerator[str, None]:
    """A language model on a Wyoming server."""
    async with serving("llm", llm, "tcp://127.0.0.1:0") as uri:
        yield uri


class Endless(Scripted):
    """A language model whose answer has no end."""

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        with self._call(request):
            for number in range(10_000):
                yield f"Sentence number {number}. "
                await asyncio.sleep(0.05)


def test_typed_requests_are_answered_on_the_screen(tmp_path: Path) -> None:
    person = Talker(tmp_path, *SILENT, "--llm", "intents")
    person.ready()
    person.type("what timx" + BACKSPACE + "e is it")
    person.until("> what time is it\r\n")
    person.until(r"It is [\d:]+ [AP]M\.")
    person.press(CTRL_D)
    assert person.end() == 0


def test_lines_of_a_pipe_are_answered_in_turn(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}
    asked = "what time is it\n/clear\nset a timer for 5 minutes"
    done = satellite("talk", *SILENT, "--llm", "intents", stdin=asked, variables=home)
    assert done.code == 0, done
    first, cleared, second = done.output.splitlines()
    assert first.startswith("It is ")
    assert cleared == "(the conversation is forgotten)"
    assert "5 minute" in second


def test_a_failure_in_a_pipe_is_shown_and_is_the_exit_code(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    flags = ("--llm", "tcp://127.0.0.1:1")
    done = satellite("talk", *SILENT, *flags, stdin="hello", variables=home)
    assert done.code == 1
    assert done.output == (
        "(the language model failed: tcp://127.0.0.1:1 cannot be reached: nothing listens there)\n"
    )


async def test_another_language_model_answers_after_a_switch(tmp_path: Path) -> None:
    llm = ScriptedLlm([["I am the other one."]])
    async with served(llm) as uri:
        person = Talker(tmp_path, *SILENT, "--llm", "intents")

        def talk() -> int:
            person.ready()
            person.type("what time is it")
            person.until(r"It is \d+")
            person.type("/model")
            person.until(r"\(answered by intents\)")
            person.type("/model tcp://127.0.0.1:1")
            person.until("cannot be reached")
            person.type("/model qwen")
            person.until("names no engine: write ENGINE:MODEL")
            person.type(f"/model {uri}")
            person.until("from now on")
            person.type("who are you?")
            person.until("I am the other one")
            person.type("/nodel")
            person.until(r"did you mean /model\?")
            person.type("/clear")
            person.until("forgotten")
            person.type("and now?")
            person.until("I am the other one")
            person.type("/quit")
            return person.end()

        assert await asyncio.to_thread(talk) == 0
    first, second = llm.requests
    asked, answered = first.history
    assert asked.text == "what time is it"
    assert answered.text.startswith("It is ")  # read, although it was not spoken
    assert second.history == ()


@pytest.mark.parametrize("key", ["\r", CTRL_C])
async def test_an_answer_is_interrupted(tmp_path: Path, key: str) -> None:
    llm = Endless()
    async with served(llm) as uri:
        person = Talker(tmp_path, *SILENT, "--llm", uri)

        def talk() -> int:
            person.ready()
            person.type("count")
            person.until(r"Sentence number 3\.")
            person.press(key)
            person.until("> ")
            person.type("/help")
            person.until("/quit")
            person.press(CTRL_C)
            return person.end()

        assert await asyncio.to_thread(talk) == 0
        async with asyncio.timeout(10):
            while llm.running:
                await asyncio.sleep(0.02)
    assert llm.stopped == 1


async def test_a_new_request_takes_the_place_of_the_answer(tmp_path: Path) -> None:
    llm = Endless()
    async with served(llm) as uri:
        person = Talker(tmp_path, *SILENT, "--llm", uri)

        def talk() -> None:
            person.ready()
            person.type("count")
            person.until(r"Sentence number 2\.")
            person.type("count again")
            person.until("> count again")
            person.until(r"Sentence number 1\.")
            person.press(CTRL_C)
            person.type("/quit")
            person.end()

        await asyncio.to_thread(talk)
    assert [request.text for request in llm.requests] == ["count", "count again"]


def test_a_missing_device_that_was_named_ends_it(tmp_path: Path) -> None:
    done = satellite(
        "talk", *SILENT, "--mic", "wav:/nowhere.wav", variables={"HOME": str(tmp_path)}
    )
    assert done.code != 0
    assert "/nowhere.wav" in done.errors


def test_requests_are_spoken_and_so_are_the_answers(tmp_path: Path, pulse: PulseServer) -> None:
    question = silence(0.5) + speak("what time is it") + silence(1.5)
    person = Talker(tmp_path, *ROOM, "--llm", "intents")
    person.ready()
    with pulse.record() as heard:
        person.press(" ")
        person.until(r"\(listening")
        pulse.play(question)
        person.until("> what time is it\r\n")
        person.until(r"It is \d+")
        person.until(r"\(speaking")
        person.until("> ")
    assert max(heard[1::2]) > 8, "nothing was spoken"
    person.type("/voice")
    person.until("only shown")
    with pulse.record() as heard:
        person.type("what time is it")
        person.until(r"It is [\d:]+ [AP]M\.\r\n")
    assert not any(heard), "it was spoken"
    person.type("/quit")
    assert person.end() == 0


def test_any_voice_begins_a_request_at_an_open_microphone(
    tmp_path: Path, pulse: PulseServer
) -> None:
    question = silence(0.5) + speak("what time is it") + silence(1.5)
    person = Talker(tmp_path, *ROOM, "--llm", "intents", "--open-mic")
    person.ready()
    for _ in range(2):
        pulse.play(question)
        person.until("> what time is it\r\n")
        person.until(r"It is \d+")
        person.until(r"\(speaking")
        person.until("> ")
    person.type("/mic")
    person.until("Enter begins a request")
    pulse.play(question)
    person.type("/quit")
    assert person.end() == 0
    assert person.read.count("It is") == 2


def test_a_spoken_request_ends_with_enter(tmp_path: Path, pulse: PulseServer) -> None:
    flags = ("--llm", "intents", "--no-voice", "--set", "listen.silence=10")
    person = Talker(tmp_path, *ROOM, *flags)
    person.ready()
    person.press("\r")
    person.until(r"\(listening")
    pulse.play(silence(0.3) + speak("what time is it") + silence(2.0))
    person.press("\r")
    person.until("> what time is it\r\n")
    person.until(r"It is \d+")
    person.type("/quit")
    assert person.end() == 0


def test_the_person_who_speaks_is_shown(tmp_path: Path, pulse: PulseServer) -> None:
    pytest.importorskip("sherpa_onnx", reason="sherpa-onnx is not installed")
    network = str(write_network(tmp_path / "speaker.onnx"))
    read = [word for n, text in enumerate(TEXTS[:3]) for word in ("--wav", _wav(tmp_path, n, text))]
    home = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    added = satellite("people", "add", "Anna", *read, "--model", network, variables=home)
    assert added.code == 0, added.errors
    known = ("--set", "people.enabled=true", "--set", "people.threshold=0.5")
    person = Talker(tmp_path, *ROOM, "--llm", "intents", "--no-voice", *known)
    person.ready()
    person.press(" ")
    person.until(r"\(listening")
    pulse.play(silence(0.5) + speak("turn on the light in the living room please") + silence(1.5))
    person.until(r"\(the voice of Anna\)")
    person.type("/quit")
    assert person.end() == 0


def _wav(folder: Path, number: int, text: str) -> str:
    return str(write_wav(folder / f"{number}.wav", speak(text)))
