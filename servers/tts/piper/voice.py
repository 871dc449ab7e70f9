"""A Piper voice in memory: text in, samples out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import msgspec

from satellite.errors import EngineFailed, ModelMissing, PackageMissing
from satellite.lib.decoding import from_json
from satellite.lib.platform.cores import cores
from satellite.requirements import install_command
from satellite.text.quoted import quoted
from servers.tts.piper.catalog import Voice
from servers.tts.piper.level import Level
from servers.tts.piper.network import Network, Sentence
from servers.tts.piper.phonemes import parts_of
from servers.tts.piper.piece_sound import Pace, PieceSound

THREADS = 4
"""Most threads for one piece: its small matrices do not profit from more."""
_PINYIN = "pinyin"
_OPEN = re.compile(r"\[\[(?!.*\]\])", re.DOTALL)
"""An opening bracket of phonemes, `[[h@l'oU]]`, without its end: eSpeak NG would skip the rest."""


class SpeakingStyle(msgspec.Struct, frozen=True):
    """Parameters of a voice, with Piper's names."""

    speaker_id: int
    length_scale: float
    """Above 1: slower."""
    noise_scale: float
    noise_w_scale: float
    volume: float


def divide_cores(wanted: int = 0) -> tuple[int, int]:
    """Return the threads for one piece and the number of concurrent pieces for the usable cores.

    On two cores, two pieces one after another on both cores take no longer than two pieces side by
    side, and the first is ready in half the time.
    """
    available = cores()
    threads = wanted or min(available, THREADS)
    return threads, max(1, available // threads)


class PiperVoice:
    """The loaded model of a voice. Thread-safe, concurrently, too."""

    def __init__(self, voice: Voice, threads: int) -> None:
        """Load the model, in about a second.

        Raises `EngineFailed`, `ModelMissing`, `PackageMissing`.
        """
        self.voice = voice
        try:
            import piper
            from piper.config import PiperConfig
        except ImportError as error:
            raise PackageMissing(
                f"Piper cannot be loaded ({error}): {install_command('server')}"
            ) from error
        folder = voice.path.parent
        if voice.about.phoneme_type == _PINYIN and not (folder / "g2pW").is_dir():
            # the library would download it without asking
            raise ModelMissing(
                f"the Piper voice {voice.name} needs the model g2pW in {folder / 'g2pW'}: unpack "
                "it there, or choose another voice"
            )
        described = from_json(voice.path.with_name(f"{voice.path.name}.json").read_bytes())
        self._network = Network(voice.path, threads)
        self._piper = piper.PiperVoice(
            session=self._network.first,
            config=PiperConfig.from_dict(described),
            download_dir=folder,
        )

        self._levels: defaultdict[int, Level] = defaultdict(Level)
        """By speaker."""
        self._pace = Pace()

    def speak(self, text: str, style: SpeakingStyle) -> PieceSound:
        """Return the sound of a piece of text, mono at the voice's rate, of which none is made yet.

        A part cannot be interrupted while it is made. This and `take` raise `EngineFailed`,
        `PackageMissing`.
        """
        clean = _OPEN.sub(" ", text.replace("\0", " ")).encode("utf-8", "replace").decode()
        with self._explained(text):
            sentences = [part for whole in self._piper.phonemize(clean) for part in parts_of(whole)]
        return PieceSound(
            [partial(self._sentence, phonemes, style) for phonemes in sentences],
            self._levels[style.speaker_id],
            self._pace,
            self.voice.about.audio.sample_rate,
            style.volume,
        )

    def _sentence(self, phonemes: list[str], style: SpeakingStyle) -> Sentence:
        from piper.config import SynthesisConfig

        config = SynthesisConfig(**msgspec.structs.asdict(style))
        with self._explained("".join(phonemes)):
            ids = self._piper.phonemes_to_ids(phonemes)
            return self._network.sentence(self._piper.phoneme_ids_to_audio(ids, config))

    @contextmanager
    def _explained(self, text: str) -> Iterator[None]:
        """Explain what Piper raises about a text."""
        try:
            yield
        except ImportError as error:  # some languages need another package
            raise PackageMissing(
                f"the Piper voice {self.voice.name} needs a package ({error}): "
                "pip install 'piper-tts[ja,th,zh]'"
            ) from error
        except Exception as error:
            raise EngineFailed(
                f"the Piper voice {self.voice.name} cannot speak {quoted(text, 60)}: {error}"
            ) from error
