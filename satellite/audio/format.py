"""The format of PCM audio, which moved to `satellite.values`; this name stays until 0.2."""

from __future__ import annotations

from satellite.values import SPEECH, AudioFormat

__all__ = ["SPEECH", "AudioFormat"]
