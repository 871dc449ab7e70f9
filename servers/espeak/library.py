"""eSpeak NG's C library, of the wheel `espeakng-loader`, as one object per process.

Names and numbers are those of eSpeak NG's header `speak_lib.h`.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from collections.abc import Iterator
from pathlib import Path

from satellite.errors import EngineFailed, PackageMissing
from satellite.text.quoted import quoted
from servers.espeak.voices import Voice, Voices

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: no sound device, samples go to the callback
_BUFFER_MS = 200
_DONT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT: report missing data instead of ending the process
_OK = 0
_RATE, _VOLUME, _PITCH = 1, 2, 3  # espeak_PARAMETER
_UTF8, _END_PAUSE = 1, 0x1000  # espeakCHARS_UTF8, espeakENDPAUSE
_POS_CHARACTER = 1
_BETWEEN_PHONEMES = "_"
_IPA = 0x02  # espeakPHONEMES_IPA


class _Voice(ctypes.Structure):
    """`espeak_VOICE`."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.POINTER(ctypes.c_char)),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class EspeakLibrary:
    """The loaded library. Thread-safe: it has one global state, so every call holds one lock.

    Raises `PackageMissing` if the wheel's library or data cannot be loaded.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._samples: list[bytes] = []
        self._settings: tuple[str, int, int, int] | None = None
        try:
            import espeakng_loader

            data = Path(espeakng_loader.get_data_path())
            self._c = ctypes.CDLL(espeakng_loader.get_library_path())
        except (ImportError, OSError) as error:
            raise PackageMissing(
                f"eSpeak NG cannot be loaded ({error}): pip install espeakng-loader"
            ) from error
        self.rate = self._c.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, bytes(data), _DONT_EXIT)
        """Samples per second of everything it speaks."""
        if self.rate <= 0:
            raise PackageMissing(f"eSpeak NG finds no data in {data}: pip install espeakng-loader")
        self._callback = _Callback(self._receive)  # the library keeps only a pointer to it
        self._c.espeak_SetSynthCallback(self._callback)
        self._c.espeak_Synth.argtypes = (
            *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int),
            *(ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p),
        )
        self._c.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        self._c.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._c.espeak_Info.restype = ctypes.c_char_p
        self.version = self._c.espeak_Info(None).decode().split()[0]
        self.voices = Voices(
            (voice for voice in self._list_voices() if _can_speak(data, voice)),
            sorted(file.name for file in (data / "voices" / "!v").glob("*")),
        )

    def speak(
        self, text: str, voice: str, *, rate: int = 175, pitch: int = 50, volume: int = 100
    ) -> bytes:
        """Synthesize a piece of text: mono samples (signed 16-bit) at the library's `rate`.

        `voice` is a result of `voices.find`, `rate` in words per minute, `pitch` 0 to 100, `volume`
        in percent. All of the audio is held in memory, and the call cannot be interrupted, so a
        piece should be about a sentence. Raises `EngineFailed`.
        """
        encoded = text.replace("\0", " ").encode("utf-8", "replace")
        with self._lock:
            self._set(voice, rate, pitch, volume)
            self._samples = []
            status = self._c.espeak_Synth(
                encoded, len(encoded) + 1, 0, _POS_CHARACTER, 0, _UTF8 | _END_PAUSE, None, None
            )
            audio, self._samples = b"".join(self._samples), []
        if status != _OK:
            raise EngineFailed(f"eSpeak NG cannot speak {quoted(text, 60)} (status {status})")
        return audio

    def phonemes(self, text: str, voice: str) -> list[str]:
        """Return eSpeak's names of the phonemes of a short text, with `'` and `,` for stress.

        Words are separated by an empty name. Raises `EngineFailed`.
        """
        source = ctypes.c_char_p(text.replace("\0", " ").encode("utf-8", "replace"))
        with self._lock:
            self._set(voice, 175, 50, 100)
            names = self._c.espeak_TextToPhonemes(
                ctypes.byref(source), _UTF8, ord(_BETWEEN_PHONEMES) << 8
            )
        return " ".join((names or b"").decode().split()).replace(" ", "__").split("_")

    def ipa(self, text: str, voice: str) -> str:
        """Return the sounds of a clause in the International Phonetic Alphabet, with a space
        between words and without punctuation. Raises `EngineFailed`."""
        encoded = text.replace("\0", " ").encode("utf-8", "replace")
        source = ctypes.c_char_p(encoded)  # the library moves it from clause to clause
        found: list[str] = []
        with self._lock:
            self._set(voice, 175, 50, 100)
            while source.value:
                before = len(source.value)
                sounds = self._c.espeak_TextToPhonemes(ctypes.byref(source), _UTF8, _IPA)
                found += (sounds or b"").decode("utf-8", "replace").split()
                if len(source.value or b"") >= before:  # it would never end
                    break
        return " ".join(found)

    def _list_voices(self) -> Iterator[Voice]:
        for pointer in self._c.espeak_ListVoices(None):
            if not pointer:
                return
            voice = pointer.contents
            (_, code), *aliases = _languages(voice)
            yield Voice(code, voice.name.decode(), voice.identifier.decode(), tuple(aliases))

    def _set(self, voice: str, rate: int, pitch: int, volume: int) -> None:
        settings = (voice, rate, pitch, volume)
        if settings == self._settings:
            return
        self._settings = None
        if self._c.espeak_SetVoiceByName(voice.encode("utf-8", "replace")) != _OK:
            raise EngineFailed(f"eSpeak NG cannot use its voice {quoted(voice)}")
        for parameter, value in ((_RATE, rate), (_PITCH, pitch), (_VOLUME, volume)):
            self._c.espeak_SetParameter(parameter, value, 0)
        self._settings = settings

    def _receive(self, samples: object, count: int, events: object) -> int:
        if samples and count > 0:
            self._samples.append(ctypes.string_at(samples, 2 * count))  # type: ignore[arg-type]
        return 0


@functools.cache
def _load() -> EspeakLibrary:
    return EspeakLibrary()


_LOADING = threading.Lock()


def library() -> EspeakLibrary:
    """Return the library, which the first call loads. Raises `PackageMissing`."""
    with _LOADING:
        return _load()


def _can_speak(data: Path, voice: Voice) -> bool:
    """Return whether the wheel has the dictionary of a voice; it lacks a few."""
    names = [voice.code, Path(voice.file).name, *(alias for _, alias in voice.aliases)]
    codes = {name.partition("-")[0] for name in names}
    lines = (data / "lang" / voice.file).read_text(encoding="utf-8").splitlines()
    codes |= {line.split()[1] for line in lines if line.startswith("dictionary ")}
    return any((data / f"{code}_dict").exists() for code in codes)


def _languages(voice: _Voice) -> list[tuple[int, str]]:
    """Return a voice's languages, each with a priority (lower is better)."""
    address = ctypes.cast(voice.languages, ctypes.c_void_p).value or 0
    languages: list[tuple[int, str]] = []
    while priority := ctypes.string_at(address, 1)[0]:  # a byte of 0 ends the list
        code = ctypes.string_at(address + 1)
        languages.append((priority, code.decode()))
        address += len(code) + 2
    return languages
