"""What must not leave the machine: tokens, passwords, and whose home folder it is."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from satellite.doctor.finding import Finding

HIDDEN = "***"

_SECRET = re.compile(r"token|passw|secret|api_?key|credential|authorization", re.IGNORECASE)
"""Names of settings and of environment variables whose values are secrets."""

_IN_URL = re.compile(r"(?<=://)[^/\s'\"]+(?=@)")
_QUERY = re.compile(r"([?&](?:\w*(?:token|passw|secret|key|auth)\w*)=)[^&\s'\"]+", re.IGNORECASE)
_BEARER = re.compile(r"(Bearer\s+|Authorization:\s*(?:\w+\s+)?)[^\s'\"]+", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?")
"""JSON web tokens, as Home Assistant's long-lived ones are."""
_HUGGING_FACE = re.compile(r"\bhf_\w{8,}")


def masked(text: str) -> str:
    """A text without what looks like a secret, and with `~` for the home folder."""
    for value in _known():
        text = text.replace(value, HIDDEN)
    text = _IN_URL.sub(HIDDEN, text)
    text = _QUERY.sub(rf"\1{HIDDEN}", text)
    text = _BEARER.sub(rf"\1{HIDDEN}", text)
    text = _HUGGING_FACE.sub(HIDDEN, _JWT.sub(HIDDEN, text))
    home = str(Path.home())
    return re.sub(rf"{re.escape(home)}(?=/|\b|$)", "~", text) if len(home) > 1 else text


def masked_setting(path: str, value: object) -> object:
    """A setting's value as it may be shown; the place of a file with a secret is none."""
    if isinstance(value, tuple):
        return tuple(masked_setting(path, item) for item in value)
    if not isinstance(value, str):
        return value
    secret = _SECRET.search(path) and not path.endswith("_file")
    return HIDDEN if secret and value else masked(value)


def masked_finding(finding: Finding) -> Finding:
    """A finding whose texts may be shown to others."""
    return msgspec.structs.replace(
        finding,
        about=masked(finding.about),
        found=masked(finding.found),
        means=masked(finding.means),
        remedy=masked(finding.remedy),
    )


def _known() -> list[str]:
    """Secrets of this process's environment, should any of them come up in a text."""
    return [
        value.strip()
        for name, value in os.environ.items()
        if _SECRET.search(name)
        and len(value.strip()) >= 8
        and not name.endswith(("_FILE", "_PATH"))
    ]
