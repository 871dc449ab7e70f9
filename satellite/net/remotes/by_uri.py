"""A Wyoming service as an engine: `remote(serve(engine))` behaves like `engine`."""

from __future__ import annotations

from typing import Any

from satellite.net import uri as uris
from satellite.net.pairing import Pairing
from satellite.net.remotes.asr import RemoteAsr
from satellite.net.remotes.llm import RemoteLlm
from satellite.net.remotes.tts import RemoteTts
from satellite.net.remotes.wake import RemoteWake

_KINDS = {kind.role: kind for kind in (RemoteAsr, RemoteLlm, RemoteTts, RemoteWake)}


def remote(uri: str, role: str, pairing: Pairing) -> Any:
    """Return the service at a TCP, TLS or Unix URI as an engine of a role: asr, llm, tts or wake.

    Connects only in `load`. Raises `ConfigError` for an invalid URI.
    """
    return _KINDS[role](uris.for_role(uri, role), pairing)
