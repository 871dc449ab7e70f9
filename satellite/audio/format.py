"""The shape of PCM audio, which is in `satellite.values` now; this name is kept until 0.2."""

from __future__ import annotations

from satellite.values import SPEECH, AudioFormat

__all__ = ["SPEECH", "AudioFormat"]
