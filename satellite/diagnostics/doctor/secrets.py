"""What must not leave the machine: tokens, passwords, and whose home folder it is."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from satellite.diagnostics.doctor.finding import Finding
from satellite.text import redact
from satellite.text.redact import HIDDEN

_SECRET = re.compile(r"token|passw|secret|api_?key|credential|authorization", re.IGNORECASE)
"""Names of settings and of environment variables whose values are secrets."""


def masked(text: str) -> str:
    """A text without what looks like a secret, and with `~` for the home folder."""
    for value in _known():
        text = text.replace(value, HIDDEN)
    text = redact.masked(text)
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
