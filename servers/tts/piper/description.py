"""The description of a Piper voice, in the `.onnx.json` beside it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from satellite.errors import EngineFailed, ModelMissing
from satellite.lib.decoding import from_json
from satellite.text.reason_of import reason_of


class _Audio(msgspec.Struct, frozen=True):
    sample_rate: int
    quality: str = ""


class _Espeak(msgspec.Struct, frozen=True):
    voice: str = ""


class _Language(msgspec.Struct, frozen=True):
    code: str = ""


class _Inference(msgspec.Struct, frozen=True):
    length_scale: float = 1.0
    noise_scale: float = 0.667
    noise_w: float = 0.8


class Description(msgspec.Struct, frozen=True):
    """The used part of a description, with Piper's names."""

    audio: _Audio
    phoneme_id_map: dict[str, list[int]]
    num_symbols: int
    espeak: _Espeak = _Espeak()
    language: _Language = _Language()
    inference: _Inference = _Inference()
    phoneme_type: str = "espeak"
    num_speakers: int = 1
    speaker_id_map: dict[str, int] = {}
    dataset: str = ""

    @property
    def language_code(self) -> str:
        """The language in a form like `en-US`."""
        code = self.language.code or self.espeak.voice
        first, *rest = code.replace("_", "-").split("-")
        return "-".join((first.lower(), *(p.upper() if len(p) == 2 else p for p in rest)))


def describe(onnx: Path) -> Description:
    """Read the description beside a voice. Raises `ModelMissing`, `EngineFailed`."""
    path = onnx.with_name(f"{onnx.name}.json")
    for needed in (onnx, path):
        if not needed.is_file():
            raise ModelMissing(
                f"Piper voice {onnx}: {needed.parent} has no {needed.name} "
                "(a voice is a file .onnx and one .onnx.json)"
            )
    try:
        return msgspec.convert(from_json(path.read_bytes()), Description)
    except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors, too
        raise EngineFailed(f"{path} does not describe a Piper voice: {reason_of(error)}") from error
