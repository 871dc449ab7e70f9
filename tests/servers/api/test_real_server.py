"""A real server process with real engines, and real clients of OpenAI's API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from satellite.audio.resample import Resampler
from satellite.audio.wavfile import parse_wav
from satellite.components import spec
from satellite.values import SPEECH, ReplyRequest, SpeechRequest, TranscribeRequest
from tests.bench.word_errors import WordErrors
from tests.support.ports import free_port
from tests.support.program import satellite
from tests.support.real_models import real_model

openai = pytest.importorskip("openai", reason="pip install openai: the official client")

TOKEN = "0123456789abcdef0123"
SENTENCE = "Turn on the lamp in the kitchen."
MISHEARD = 2
"""Words of the seven: the voice varies at random, and tiny.en has heard "lap"."""


def misheard(text: str) -> int:
    """Return how many words of the sentence a transcript has wrong."""
    found = WordErrors()
    found.add(SENTENCE, text)
    return found.errors


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a server of Whisper tiny.en, SmolLM2 135M and Piper."""
    whisper, chat = real_model("whisper-tiny.en"), real_model("smollm2-135m") / "model.gguf"
    voice = real_model("piper-en_US-joe-medium") / "en_US-joe-medium.onnx"
    port = free_port()
    arguments = ["--server", "asr,llm,tts", "--host", "127.0.0.1", "--no-zeroconf"]
    for role in ("asr", "llm", "tts"):
        arguments += [f"--{role}-port", "0"]
    engines = {
        "asr": f"faster-whisper:{whisper}",
        "llm": f"llamacpp:{chat}?n_predict=16&tool_rounds=0",
        "tts": f"piper:{voice}",
    }
    for role, engine in engines.items():
        arguments += [f"--{role}", engine]
    environment = {"SATELLITE_SERVER_HTTP_PORT": str(port), "SATELLITE_HTTP_TOKEN": TOKEN}
    folder = tmp_path_factory.mktemp("server")
    with satellite(folder, *arguments, environment=environment) as program:
        program.wait_for("ready", timeout=60)
        yield f"http://127.0.0.1:{port}/v1"


def test_the_official_client_hears_answers_and_speaks(address: str) -> None:
    with openai.OpenAI(base_url=address, api_key=TOKEN, timeout=60) as client:
        names = [model.id for model in client.models.list()]
        assert len(names) >= 3
        speech = client.audio.speech.create(
            model="tts-1", voice="alloy", input=SENTENCE, response_format="wav"
        )
        form, audio = parse_wav(speech.content, "the answer")
        assert 1.0 < form.seconds(audio) < 5.0
        for name in ("a.wav", "a.mp3"):
            kind = name.partition(".")[2]
            speech = client.audio.speech.create(
                model="tts-1", voice="alloy", input=SENTENCE, response_format=kind
            )
            heard = client.audio.transcriptions.create(
                model="whisper-1", file=(name, speech.content), language="en"
            )
            assert misheard(heard.text) <= MISHEARD
        messages: Any = [{"role": "user", "content": "Say hello."}]
        whole = client.chat.completions.create(model="default", messages=messages)
        assert whole.choices[0].message.content
        stream = client.chat.completions.create(model="default", messages=messages, stream=True)
        pieces = [chunk.choices[0].delta.content or "" for chunk in stream]
        assert len([piece for piece in pieces if piece]) > 1
    with (
        pytest.raises(openai.AuthenticationError),
        openai.OpenAI(base_url=address, api_key="wrong", timeout=60, max_retries=0) as stranger,
    ):
        stranger.models.list()


async def test_our_own_plugins_are_clients_too(address: str, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(TOKEN)
    voice: Any = spec.create("tts", f"openai:{address}?key_file={key}")
    ear: Any = spec.create("asr", f"openai:{address}?key_file={key}")
    brain: Any = spec.create("llm", f"openai:{address}?key_file={key}&model=default&tool_rounds=0")
    try:
        for engine in (voice, ear, brain):
            await engine.load()
        found = await voice.served_by()
        assert (found.name, found.roles) == ("Satellite", ("asr", "llm", "tts"))
        sound = [chunk async for chunk in voice.synthesize(SpeechRequest(text=SENTENCE))]
        whole = b"".join(chunk.audio for chunk in sound)
        assert 1.0 < sound[0].format.seconds(whole) < 5.0

        async def pieces() -> Any:
            resampler = Resampler(sound[0].format, SPEECH)
            yield resampler.convert(whole) + resampler.flush()

        texts = [
            found async for found in ear.transcribe(pieces(), TranscribeRequest(language="en"))
        ]
        assert misheard(texts[-1].text) <= MISHEARD
        parts = [part async for part in brain.reply(ReplyRequest(text="Say hello."))]
        assert "".join(part for part in parts if isinstance(part, str)).strip()
    finally:
        for engine in (voice, ear, brain):
            await engine.close()
