"""Redaction of passwords and tokens in logs, events and errors."""

from __future__ import annotations

import os
import re

HIDDEN = "***"

_VARIABLES = ("SATELLITE_HOME_TOKEN", "SATELLITE_HTTP_TOKEN", "HF_TOKEN")
"""Environment variables that hold secrets of this program."""
_OF_SERVERS = re.compile(r"SATELLITE_MCP_[A-Z0-9_]+_TOKEN")
"""Likewise, one for each server of MCP."""
_SHORTEST = 8
"""Characters of the shortest secret that is searched for: shorter ones may be words."""

_IN_URL = re.compile(r"(?<=://)[^/\s'\"]+(?=@)")
_QUERY = re.compile(
    r"([?&](?:\w*(?:token|passw\w*|passphrase|secret|api_?key|auth(?:orization)?)|key)=)[^&\s'\"]+",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(Bearer\s+|Authorization:\s*(?:\w+\s+)?)[^\s'\"]+", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?")
"""JSON web tokens, such as Home Assistant's long-lived access tokens."""
_HUGGING_FACE = re.compile(r"\bhf_\w{8,}")


def masked(text: str) -> str:
    """Return a text with everything that looks like a secret, and every known secret, masked."""
    for name in (*_VARIABLES, *filter(_OF_SERVERS.fullmatch, os.environ)):
        value = os.environ.get(name, "").strip()
        if len(value) >= _SHORTEST:
            text = text.replace(value, HIDDEN)
    text = _IN_URL.sub(HIDDEN, text)
    text = _QUERY.sub(rf"\1{HIDDEN}", text)
    text = _BEARER.sub(rf"\1{HIDDEN}", text)
    return _HUGGING_FACE.sub(HIDDEN, _JWT.sub(HIDDEN, text))
