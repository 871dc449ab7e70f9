"""The voices of the engine: of its options, of the settings, and of stored clips."""

from __future__ import annotations

from collections.abc import Mapping

from satellite.audio.voice_clips import ClipStore
from satellite.errors import LanguageUnknown, ModelMissing
from satellite.languages import codes
from satellite.settings import VoiceSettings
from satellite.text.quoted import quoted

LANGUAGES = ("zh", "en", "ja", "ko", "yue")
"""Languages of GPT-SoVITS since version 2; version 1 has the first three."""

AUTO = "auto"
OWN = "default"
"""The voice of the engine's own options."""


class Voices:
    """The voices by name; those of clips that are added or removed meanwhile included."""

    def __init__(
        self, own: VoiceSettings, settings: Mapping[str, VoiceSettings], first: str
    ) -> None:
        """`own` is that of the options, `first` the voice of requests that name none."""
        self._fixed = {**({OWN: own} if own.ref_audio_path else {}), **settings}
        self._first = first
        self._store = ClipStore()
        self._version: tuple[int, int] | None = None
        self._stored: dict[str, VoiceSettings] = {}

    def all(self) -> dict[str, VoiceSettings]:
        """Return the voices; those of the configuration go before stored ones of their name."""
        if (version := self._store.version) != self._version:
            self._stored = self._store.voices()
            self._version = version
        return {**self._fixed, **{n: v for n, v in self._stored.items() if n not in self._fixed}}

    def choose(self, name: str | None) -> tuple[str, VoiceSettings]:
        """Return a voice with its name; the first one for None. Raises `ModelMissing`."""
        voices = self.all()
        if not voices:
            raise ModelMissing(
                "gpt-sovits has no voice: satellite voices add NAME clip.wav --text WORDS, or a "
                "table [voices.NAME] in the configuration"
            )
        chosen = name or self._first or next(iter(voices))
        if chosen not in voices:
            known = ", ".join([*voices][:5])
            raise ModelMissing(f"gpt-sovits has no voice {quoted(chosen)} (known: {known})")
        return chosen, voices[chosen]


def language_of(voice: VoiceSettings, usual: str, requested: str | None) -> str:
    """Return GPT-SoVITS's name for a text's language: of the voice, of the options (`usual`), or
    of the request. Raises `LanguageUnknown`."""
    for configured in (voice.text_lang, usual):
        if configured != AUTO:
            return configured
    if not requested or not requested.strip():
        return AUTO
    found = codes.find(requested, LANGUAGES)
    if found is None:
        raise LanguageUnknown(
            f"gpt-sovits does not speak {quoted(requested)}, but {', '.join(LANGUAGES)}"
        )
    return found
