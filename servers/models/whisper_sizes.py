"""The sizes of Whisper and the repositories of Hugging Face that hold them for CTranslate2."""

from __future__ import annotations

SIZES = {
    "tiny.en": "Systran/faster-whisper-tiny.en",
    "tiny": "Systran/faster-whisper-tiny",
    "base.en": "Systran/faster-whisper-base.en",
    "base": "Systran/faster-whisper-base",
    "small.en": "Systran/faster-whisper-small.en",
    "small": "Systran/faster-whisper-small",
    "medium.en": "Systran/faster-whisper-medium.en",
    "medium": "Systran/faster-whisper-medium",
    "large-v1": "Systran/faster-whisper-large-v1",
    "large-v2": "Systran/faster-whisper-large-v2",
    "large-v3": "Systran/faster-whisper-large-v3",
    "large": "Systran/faster-whisper-large-v3",
    "large-v3-turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    "turbo": "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    "distil-small.en": "Systran/faster-distil-whisper-small.en",
    "distil-medium.en": "Systran/faster-distil-whisper-medium.en",
    "distil-large-v2": "Systran/faster-distil-whisper-large-v2",
    "distil-large-v3": "Systran/faster-distil-whisper-large-v3",
    "distil-large-v3.5": "distil-whisper/distil-large-v3.5-ct2",
}
"""As `faster_whisper.utils` has them, here because importing that takes most of a second."""


def repository(size: str) -> str | None:
    """Where a size is; None where neither we nor the installed faster-whisper know it."""
    return SIZES.get(size) or _newer().get(size)


def size(repository: str) -> str | None:
    """The first size that is this repository; None when there is none."""
    return next((name for name, where in SIZES.items() if where == repository), None)


def _newer() -> dict[str, str]:
    """The table of the installed faster-whisper, which may know sizes that came after ours."""
    try:
        from faster_whisper import utils
    except ImportError:
        return {}
    return dict(getattr(utils, "_MODELS", {}))
