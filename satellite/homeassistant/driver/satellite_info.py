"""The description of this satellite: the answer to `describe`."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from wyoming.audio import AudioFormat
from wyoming.event import Event
from wyoming.info import Attribution, MicProgram, Satellite

from satellite.arbitration.protocol import normalized_word
from satellite.net import info as infos
from satellite.requirements import own_version
from satellite.settings import Settings
from satellite.values import SPEECH, EngineInfo

_version = cache(own_version)

URL = "https://github.com/OHF-Voice/wyoming"


def info_event(
    settings: Settings,
    wake: EngineInfo,
    listened_for: Collection[str] = (),
    offered: bool = True,
) -> Event:
    """The `info` of a satellite whose wake words are those of an engine: those that are
    `listened_for`, in the words of `satellite.arbitration.protocol.normalized_word`, or all.

    The words are listed even where Home Assistant listens for them: it needs their phrases to see
    that two satellites have heard the same one. A satellite that is not `offered` is described as
    not installed: Home Assistant, which has it by another protocol, then adds no second device.
    """
    words = [
        model
        for model in wake.models
        if model.installed and (not listened_for or normalized_word(model.name) in listened_for)
    ]
    facts: dict[str, Any] = {
        "name": settings.name,
        "attribution": Attribution(infos.OURS, URL),
        "installed": offered,
        "description": "Satellite",
        "version": _version(),
    }
    here = settings.homeassistant.wake == "here"
    satellite = Satellite(
        **facts,
        area=settings.area or None,
        has_vad=True,
        active_wake_words=[word.name for word in words] if here else None,
        max_active_wake_words=len(words) if here else None,
        supports_trigger=False,
    )
    microphone = MicProgram(**facts, mic_format=AudioFormat(rate=SPEECH.rate, width=2, channels=1))
    event = infos.to_event("wake", wake)
    if not offered:
        event.data["wake"] = []
    event.data["satellite"] = satellite.to_dict()
    event.data["mic"] = [microphone.to_dict()]
    return event
