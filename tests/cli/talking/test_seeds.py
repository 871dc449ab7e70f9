"""The command lines of the guide for those who come from other programs, each as it stands there.

Real engines where they are installed; Ollama and GPT-SoVITS are fakes that answer as they do.
"""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.cli.talking.talker import Talker
from tests.support.ollama_fake import fake_ollama, words
from tests.support.pulse import PulseServer
from tests.support.real_models import real_model
from tests.support.sherpa_models import speech, write_zipformer
from tests.support.sovits_fake import fake_sovits
from tests.support.speech import silence, speak, write_wav

DEVICES = ("--no-zeroconf", "--mic", "pulse", "--speaker", "pulse")
SYMBOLS = ("▁WHAT", "▁TIME", "▁IS", "▁IT")

pytestmark = pytest.mark.timeout(400)


def hold(person: Talker, pulse: PulseServer, question: bytes, answer: str) -> bytearray:
    """Ask aloud, wait for the answer, and leave; return what the speaker played."""
    person.ready()
    with pulse.record() as heard:
        person.press("\r")
        person.until(r"\(listening")
        pulse.play(silence(0.5) + question + silence(2.0))
        person.until(r"(?i)> what [^\r\n]*\r\n")
        person.until(answer)
        person.until(r"\(speaking")
        person.until("> ")
    person.type("/quit")
    assert person.end() == 0
    assert any(heard), "nothing was spoken"
    return heard


@pytest.mark.skipif(
    find_spec("gpt4all") is None,
    reason="gpt4all is not installed: pip install 'satellite-voice[gpt4all]'",
)
def test_whisper_gpt4all_and_the_voice_of_the_system(tmp_path: Path, pulse: PulseServer) -> None:
    """talkgpt4all --whisper-model-type base --gpt-model-name NAME --voice-rate 165"""
    whisper, model = real_model("whisper-base"), real_model("qwen2.5-coder-0.5b") / "model.gguf"
    flags = ("--asr", f"faster-whisper:{whisper}", "--tts", "system", "--voice-rate", "165")
    flags += ("--llm", f"gpt4all:{model}?max_tokens=24&n_threads=1")
    person = Talker(tmp_path, *DEVICES, *flags, limit=180.0)
    hold(person, pulse, speak("What is the capital of France?"), "Paris")


async def test_whisper_ollama_and_gpt_sovits(tmp_path: Path, pulse: PulseServer) -> None:
    whisper = real_model("whisper-base")
    clip = write_wav(tmp_path / "anna.wav", speak("This is how I speak, and no other way."))
    config = tmp_path / "satellite.toml"
    voice = f'[voices.anna]\nref_audio_path = "{clip}"\nprompt_text = "x"\nprompt_lang = "en"\n'
    config.write_text(voice)
    async with fake_ollama(words("It is ", "Paris.")) as ollama, fake_sovits() as sovits:
        flags = ("--asr", f"faster-whisper:{whisper}", "--llm", f"ollama:m?host={ollama.host}")
        flags += ("--tts", f"gpt-sovits:{sovits.url}?voice=anna", "--config", str(config))
        person = Talker(tmp_path, *DEVICES, *flags, limit=180.0)
        question = speak("What is the capital of France?")
        await asyncio.to_thread(hold, person, pulse, question, "It is Paris")
    assert sovits.asked[-1]["text"] == "It is Paris."


@pytest.mark.skipif(
    find_spec("sherpa_onnx") is None, reason="sherpa-onnx is not installed: satellite-voice[sherpa]"
)
async def test_sherpa_onnx_and_ollama(tmp_path: Path, pulse: PulseServer) -> None:
    folder = write_zipformer(tmp_path / "zipformer", SYMBOLS)
    async with fake_ollama(words("It is ", "noon.")) as ollama:
        model = f"ollama:m?host={ollama.host}&local_first=false"
        flags = (
            "--asr",
            f"sherpa-onnx:{folder}?vad_filter=false",
            "--llm",
            model,
            "--tts",
            "espeak",
        )
        flags += ("--set", "vad=energy")  # the model hears tones, which are no voice
        person = Talker(tmp_path, *DEVICES, *flags, limit=120.0)
        question = speech(range(4), len(SYMBOLS))
        await asyncio.to_thread(hold, person, pulse, question, "It is noon")
