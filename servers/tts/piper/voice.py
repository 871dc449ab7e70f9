"""A Piper voice in memory: text in, samples out."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from satellite.errors import EngineFailed, ModelMissing, PackageMissing
from satellite.lib.decoding import from_json
from satellite.lib.platform.cores import cores
from satellite.requirements import install_command
from satellite.text.quoted import quoted
from servers.tts.piper.catalog import Voice

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
        self._piper = piper.PiperVoice(
            session=_session(voice, threads),
            config=PiperConfig.from_dict(described),
            download_dir=folder,
        )

    def speak(self, text: str, style: SpeakingStyle) -> bytes:
        """Synthesize a piece of text: mono samples (signed 16-bit) at the voice's rate.

        The call cannot be interrupted, so a piece should be about a sentence. Raises
        `EngineFailed`, `PackageMissing`.
        """
        from piper.config import SynthesisConfig

        clean = _OPEN.sub(" ", text.replace("\0", " ")).encode("utf-8", "replace").decode()
        config = SynthesisConfig(**msgspec.structs.asdict(style))
        try:
            return b"".join(
                sentence.audio_int16_bytes for sentence in self._piper.synthesize(clean, config)
            )
        except ImportError as error:  # some languages need another package
            raise PackageMissing(
                f"the Piper voice {self.voice.name} needs a package ({error}): "
                "pip install 'piper-tts[ja,th,zh]'"
            ) from error
        except Exception as error:
            raise EngineFailed(
                f"the Piper voice {self.voice.name} cannot speak {quoted(text, 60)}: {error}"
            ) from error


def _session(voice: Voice, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # its own store of buffers never returns memory, and a plan for each length of text is one more:
    # with a voice of 129 MB, 235 MB were held after 50 sentences and 472 MB after a text of 500
    # phonemes, now 131 MB; a second of speech takes 0.10 s of CPU instead of 0.09, and as much as
    # before beside Whisper (see `servers.asr.malloc`)
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    # spinning threads gain nothing here and take the cores from everything else
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors, which are raised as well
    try:
        session = onnxruntime.InferenceSession(
            str(voice.path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise EngineFailed(
            f"{voice.path} cannot be loaded as a Piper voice ({str(error).splitlines()[0]}): "
            "to check for damage, run satellite models verify"
        ) from error
    if missing := {"input", "input_lengths", "scales"} - {i.name for i in session.get_inputs()}:
        raise EngineFailed(f"{voice.path} is no Piper voice: it takes no {', '.join(missing)}")
    return session
