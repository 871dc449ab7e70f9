"""A Piper voice in memory: text in, samples out."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import msgspec

from satellite.errors import EngineFailed, ModelMissing, PackageMissing
from servers.tts.piper.catalog import Voice

THREADS = 4
"""Threads for one piece at most: beyond, its small matrices are not worth dividing further."""
_PINYIN = "pinyin"
_OPEN = re.compile(r"\[\[(?!.*\]\])", re.DOTALL)
"""The beginning of phonemes, `[[h@l'oU]]`, without an end: eSpeak NG would skip what follows."""


class SpeakingStyle(msgspec.Struct, frozen=True):
    """How a voice speaks; the names are Piper's."""

    speaker_id: int
    length_scale: float
    """Above 1 is slower."""
    noise_scale: float
    noise_w_scale: float
    volume: float


def divide_cores(wanted: int = 0) -> tuple[int, int]:
    """Threads for one piece, and pieces to work on at once, on the cores that this process may use.

    On two cores, a piece on both of them at a time takes no longer in all than two pieces side by
    side, and the first of them is there in half the time.
    """
    cores = len(os.sched_getaffinity(0))
    threads = wanted or min(cores, THREADS)
    return threads, max(1, cores // threads)


class PiperVoice:
    """The loaded model of a voice. Any thread may use it, several at once, too."""

    def __init__(self, voice: Voice, threads: int) -> None:
        """Load; takes about a second. Raises `EngineFailed`, `ModelMissing`, `PackageMissing`."""
        self.voice = voice
        try:
            import piper
            from piper.config import PiperConfig
        except ImportError as error:
            raise PackageMissing(
                f"Piper cannot be loaded ({error}): pip install 'satellite[server]'"
            ) from error
        folder = voice.path.parent
        if voice.about.phoneme_type == _PINYIN and not (folder / "g2pW").is_dir():
            # the library would fetch it, unasked
            raise ModelMissing(
                f"the Piper voice {voice.name} needs the model g2pW in {folder / 'g2pW'}: choose a "
                "voice that does without it, or unpack it there"
            )
        described = json.loads(voice.path.with_name(f"{voice.path.name}.json").read_bytes())
        self._piper = piper.PiperVoice(
            session=_session(voice, threads),
            config=PiperConfig.from_dict(described),
            download_dir=folder,
        )

    def speak(self, text: str, manner: SpeakingStyle) -> bytes:
        """Samples (mono, signed 16-bit) of a piece of text at the voice's rate.

        The call cannot be interrupted, so pieces should be a sentence or so. Raises `EngineFailed`,
        `PackageMissing`.
        """
        from piper.config import SynthesisConfig

        clean = _OPEN.sub(" ", text.replace("\0", " ")).encode("utf-8", "replace").decode()
        config = SynthesisConfig(**msgspec.structs.asdict(manner))
        try:
            return b"".join(
                sentence.audio_int16_bytes for sentence in self._piper.synthesize(clean, config)
            )
        except ImportError as error:  # some languages need a package of their own
            raise PackageMissing(
                f"the Piper voice {self.voice.name} needs a package ({error}): "
                "pip install 'piper-tts[ja,th,zh]'"
            ) from error
        except Exception as error:
            raise EngineFailed(
                f"the Piper voice {self.voice.name} could not speak {text[:60]!r}: {error}"
            ) from error


def _session(voice: Voice, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # threads that wait busily gain nothing here, and take the cores from everything else
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors: they are raised as well
    try:
        session = onnxruntime.InferenceSession(
            str(voice.path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise EngineFailed(
            f"{voice.path} cannot be loaded as a Piper voice ({str(error).splitlines()[0]}): "
            "satellite models verify says whether it is damaged"
        ) from error
    if missing := {"input", "input_lengths", "scales"} - {i.name for i in session.get_inputs()}:
        raise EngineFailed(f"{voice.path} is no Piper voice: it takes no {', '.join(missing)}")
    return session
