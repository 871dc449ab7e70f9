"""A satellite in another language answers spoken requests, with real Whisper, from end to end.

The speech is Kokoro's, in Japanese voices that Whisper understands in these sentences, or eSpeak
NG's. Chinese and French by eSpeak are hardly understood by Whisper, nor by people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from satellite.audio.wavfile import write_wav
from satellite.languages.pack import pack
from satellite.values import SPEECH
from tests.support import kokoro_voice
from tests.support.program import satellite
from tests.support.real_models import real_model
from tests.support.speech import silence, speak

pytestmark = pytest.mark.timeout(300)

ANSWERS = {
    "time": ("HassGetCurrentTime.default",),
    "timer": ("HassStartTimer.default", "HassStartTimer.named"),
    "lamp": ("HassTurnOn.no_home", "HassTurnOff.no_home"),
}
"""By request, the responses that answer it. No home is connected."""


class Espeak(msgspec.Struct, frozen=True):
    """A request in a voice of eSpeak NG."""

    text: str
    voice: str


class Kokoro(msgspec.Struct, frozen=True):
    """A request in a voice of Kokoro."""

    voice: str
    text: str = ""
    sounds: str = ""
    """In place of the text, its phonemes: those of eSpeak NG are none of Kokoro's in Chinese."""
    speed: float = 0.9


REQUESTS: dict[str, dict[str, Espeak | Kokoro]] = {
    "zh": {
        "time": Kokoro("jf_alpha", sounds="ɕjɛ↘n ʦai↘ ʨi↓ tjɛ↓n lə?"),
        "timer": Kokoro("jm_kumo", sounds="u↓ fə→n ꭧʊ→ŋ xou↘ ʨjau↘ wo↓."),
        "lamp": Kokoro("jf_alpha", sounds="kwa→n tjau↘ ʈʂʰu↗ faŋ↗ tɤ tə→ŋ."),
    },
    "de": {
        "time": Kokoro("jf_gongitsune", "Wie spät ist es?"),
        "timer": Espeak("Timer auf zehn Minuten.", "de+m7"),
        "lamp": Kokoro("jm_kumo", "Schalte die Lampe ein."),
    },
    "fr": {
        "time": Kokoro("jf_gongitsune", "Quelle heure est-il maintenant ?", speed=0.8),
        "timer": Kokoro("jm_kumo", "Compte à rebours de dix minutes."),
        "lamp": Kokoro("jf_gongitsune", "Allume la lumière.", speed=0.75),
    },
    "es": {
        "time": Kokoro("jf_gongitsune", "¿Qué hora es?"),
        "timer": Kokoro("jf_alpha", "Pon un temporizador de cinco minutos."),
        "lamp": Kokoro("jf_gongitsune", "Enciende la luz del salón."),
    },
    "it": {
        "time": Kokoro("jf_alpha", "Che ore sono?"),
        "timer": Kokoro("jf_alpha", "Imposta un timer di cinque minuti.", speed=1.0),
        "lamp": Kokoro("jf_alpha", "Accendi la luce in soggiorno.", speed=1.0),
    },
}
"""Those that Whisper base understands, of many texts, voices and speeds that were tried."""


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("language", REQUESTS)
def test_a_spoken_request_is_answered_in_its_language(
    language: str, kind: str, tmp_path: Path
) -> None:
    whisper = real_model("whisper-base")
    request = REQUESTS[language][kind]
    speech = spoken(request, language)
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


def spoken(request: Espeak | Kokoro, language: str) -> bytes:
    """Return the speech of a request, 16 kHz mono."""
    if isinstance(request, Espeak):
        return speak(request.text, request.voice, rate=140)
    folder = real_model(kokoro_voice.MODEL)
    sounds = request.sounds or kokoro_voice.phonemes(request.text, language)
    return kokoro_voice.speak(folder, sounds, request.voice, request.speed)


def answered(language: str, kind: str) -> re.Pattern[str]:
    """Return the pattern of the answers to a request in a language."""
    responses: Any = pack(language).part("answers")["responses"]["intents"]
    forms: list[str] = []
    for name in ANSWERS[kind]:
        intent, _, outcome = name.partition(".")
        text = responses[intent][outcome]
        forms += text.values() if isinstance(text, Mapping) else [text]
    return re.compile("|".join(re.sub(r"\\\{.*?\\\}", ".+", re.escape(form)) for form in forms))
