"""A satellite in another language answers spoken requests, with real Whisper, from end to end.

The speech is that of ../shared where that has it, or else eSpeak NG's, in the voice that Whisper
understands best. Chinese and French by eSpeak are hardly understood by Whisper, nor by people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from satellite.audio.resample import Resampler
from satellite.audio.wavfile import read_wav, write_wav
from satellite.languages.pack import pack
from satellite.values import SPEECH
from tests.support.program import satellite
from tests.support.real_models import real_model
from tests.support.speech import silence, speak

pytestmark = pytest.mark.timeout(300)

CLIPS = Path(__file__).parents[3] / "shared" / "speech" / "languages"

ANSWERS = {
    "time": ("HassGetCurrentTime.default",),
    "timer": ("HassStartTimer.default", "HassStartTimer.named"),
    "lamp": ("HassTurnOn.no_home", "HassTurnOff.no_home"),
}
"""By request, the responses that answer it. No home is connected."""


class Request(msgspec.Struct, frozen=True):
    """A spoken request."""

    clip: str = ""
    """A recording in ../shared."""
    text: str = ""
    """What eSpeak says where there is no recording."""
    voice: str = ""


FOREIGN = "Whisper base does not understand eSpeak's {}: {}"
"""Why a request is skipped for which there is no other speech."""

REQUESTS: dict[str, dict[str, Request | str]] = {
    "zh": {
        "time": Request("kokoro/zh/04.wav"),
        "timer": Request("kokoro/zh/02.wav"),
        "lamp": Request("kokoro/zh/01.wav"),
    },
    "de": {
        "time": FOREIGN.format("German", '"Wie spät ist es?" becomes "Die Schmehrt ist es."'),
        "timer": Request(text="Stelle einen Timer auf fünf Minuten.", voice="de"),
        "lamp": Request(text="Mach das Licht in der Küche aus.", voice="de"),
    },
    "fr": {
        "time": FOREIGN.format("French", "no request of twelve"),
        "timer": FOREIGN.format("French", '"un minuteur" becomes "un minute heure"'),
        "lamp": FOREIGN.format("French", '"Allume la lampe" becomes "Allôme à l\'Op"'),
    },
    "es": {
        "time": Request("kokoro/es/04.wav"),
        "timer": FOREIGN.format("Spanish", '"Pon un temporizador" becomes "Por un tempo y sabor"'),
        "lamp": Request("kokoro/es/00.wav"),
    },
    "it": {
        "time": Request("kokoro/it/04.wav"),
        "timer": Request("kokoro/it/02.wav", "Imposta un timer di 30 secondi.", "it+m3"),
        "lamp": Request("kokoro/it/00.wav"),
    },
}


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("language", REQUESTS)
def test_a_spoken_request_is_answered_in_its_language(
    language: str, kind: str, tmp_path: Path
) -> None:
    whisper = real_model("whisper-base")
    request = REQUESTS[language][kind]
    if isinstance(request, str):
        pytest.skip(request)
    speech = spoken(request)
    if speech is None:
        pytest.skip(f"no speech: {CLIPS}/{request.clip} does not exist")
    wake = speak("okay nabu", voice="en-us+m3")
    mic = tmp_path / "in.wav"
    write_wav(mic, SPEECH, silence(1.0) + wake + silence(0.8) + speech + silence(3.0))
    with satellite(
        tmp_path,
        *("--language", language, "--no-zeroconf", "--mic", f"wav:{mic}"),
        *("--speaker", f"wav:{tmp_path / 'out.wav'}", "--asr", f"faster-whisper:{whisper}"),
        *("--llm", "intents", "--tts", "espeak", "--set", "deadlines.asr=60"),
    ) as program:
        (ended,) = program.wait_for("turn_end", timeout=200)
        heard = [event["text"] for event in program.events("transcript") if event["final"]]
        answers = [event["text"] for event in program.events("reply") if event["final"]]
        assert ended["outcome"] == "answered", program.report()
    assert answered(language, kind).fullmatch(answers[0]), (heard, answers)
    assert not answered("en", kind).fullmatch(answers[0])


def spoken(request: Request) -> bytes | None:
    """Return the speech of a request, 16 kHz mono; None without any."""
    if (clip := CLIPS / request.clip).is_file():
        form, audio = read_wav(clip)
        resampler = Resampler(form, SPEECH)
        return resampler.convert(audio) + resampler.flush()
    return speak(request.text, request.voice, rate=140) if request.text else None


def answered(language: str, kind: str) -> re.Pattern[str]:
    """Return the pattern of the answers to a request in a language."""
    responses: Any = pack(language).part("answers")["responses"]["intents"]
    forms: list[str] = []
    for name in ANSWERS[kind]:
        intent, _, outcome = name.partition(".")
        text = responses[intent][outcome]
        forms += text.values() if isinstance(text, Mapping) else [text]
    return re.compile("|".join(re.sub(r"\\\{.*?\\\}", ".+", re.escape(form)) for form in forms))
