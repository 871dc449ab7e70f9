"""Examples of requests in a language, from the test sentences of its pack."""

from __future__ import annotations

from satellite.languages.pack import find

_TIME = "HassGetCurrentTime"


def time_request(language: str) -> str:
    """Return a request for the time, which every brain answers; empty where no pack has one.

    Raises `PluginBroken`.
    """
    found = find(language)
    sources = list(found.sources("tests")) if found is not None else []
    for source in reversed(sources):  # the region's first
        for example in source.content.get("tests") or ():
            if isinstance(example, dict) and example.get("intent") == _TIME:
                return str(example.get("text", ""))
    return ""
