"""Typed settings of the satellite and of `--server`; every field is a key, a flag or both."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from satellite.options import OptionSet, option
from satellite.settings.answering import AssistantSettings, DeadlineSettings
from satellite.settings.home import (
    ESPHOME_PORT,
    HOME_ASSISTANT_PORT,
    USUAL_AREAS,
    USUAL_NAMES,
    HomeAssistantSettings,
    HomeSettings,
    RoomsSettings,
)
from satellite.settings.keeping import (
    HealthSettings,
    RecordingSettings,
    StatsSettings,
    UpdateSettings,
)
from satellite.settings.listening import ListenSettings, PeopleSettings, SoundSettings
from satellite.settings.mcp import McpSettings
from satellite.settings.network import HttpSettings, LimitSettings, PairingSettings
from satellite.settings.serving import ModelSettings, ServerSettings, ServersSettings
from satellite.settings.speaking import (
    AnnounceSettings,
    CueSettings,
    DuckingSettings,
    VoiceSettings,
)

__all__ = [
    "ESPHOME_PORT",
    "HOME_ASSISTANT_PORT",
    "USUAL_AREAS",
    "USUAL_NAMES",
    "AnnounceSettings",
    "AssistantSettings",
    "CueSettings",
    "DeadlineSettings",
    "DuckingSettings",
    "HealthSettings",
    "HomeAssistantSettings",
    "HomeSettings",
    "HttpSettings",
    "LimitSettings",
    "ListenSettings",
    "McpSettings",
    "ModelSettings",
    "PairingSettings",
    "PeopleSettings",
    "RecordingSettings",
    "RoomsSettings",
    "ServerSettings",
    "ServersSettings",
    "Settings",
    "SoundSettings",
    "StatsSettings",
    "UpdateSettings",
    "VoiceSettings",
]


class Settings(OptionSet, frozen=True):
    """All settings."""

    name: Annotated[str, option("Name of this satellite; the host's name by default")] = ""
    area: Annotated[str, option("Room that the satellite is in")] = ""
    language: Annotated[str, option("Spoken language, such as en or en-US")] = "en"
    mic: Annotated[str, option("Microphone component")] = "auto"
    speaker: Annotated[str, option("Speaker component")] = "auto"
    wake: Annotated[str, option("Wake word component")] = "auto"
    vad: Annotated[str, option("Voice detector component")] = "auto"
    asr: Annotated[str, option("Speech-to-text component")] = "auto"
    llm: Annotated[str, option("Language model (brain) component")] = "auto"
    tts: Annotated[str, option("Text-to-speech component")] = "auto"
    persona: Annotated[
        str, option("Description that a language model gets of itself; the engine's own by default")
    ] = ""
    voice: Annotated[str, option("Voice of the replies; the engine's default voice if empty")] = ""
    brain: Annotated[
        Literal["auto", "local", "homeassistant"],
        option("Home Assistant while connected, otherwise the satellite (auto); or one of them"),
    ] = "auto"
    hooks: Annotated[tuple[str, ...], option("Hook components, which receive every event")] = ()
    volume: Annotated[float, option("Volume of speech and cues", minimum=0, maximum=1)] = 1.0
    allow: Annotated[
        tuple[str, ...],
        option("Allowed clients of our ports: addresses, networks; loopback, private or any"),
    ] = ("loopback", "private")
    zeroconf: Annotated[bool, option("Discover servers on the LAN and announce ours")] = True
    listen: ListenSettings = ListenSettings()
    sound: SoundSettings = SoundSettings()
    people: PeopleSettings = PeopleSettings()
    home: HomeSettings = HomeSettings()
    deadlines: DeadlineSettings = DeadlineSettings()
    cues: CueSettings = CueSettings()
    ducking: DuckingSettings = DuckingSettings()
    recordings: RecordingSettings = RecordingSettings()
    models: ModelSettings = ModelSettings()
    servers: ServersSettings = ServersSettings()
    homeassistant: HomeAssistantSettings = HomeAssistantSettings()
    limits: LimitSettings = LimitSettings()
    announce: AnnounceSettings = AnnounceSettings()
    http: HttpSettings = HttpSettings()
    pairing: PairingSettings = PairingSettings()
    rooms: RoomsSettings = RoomsSettings()
    health: HealthSettings = HealthSettings()
    stats: StatsSettings = StatsSettings()
    updates: UpdateSettings = UpdateSettings()
    server: ServerSettings = ServerSettings()
    assistants: dict[str, AssistantSettings] = msgspec.field(default_factory=dict)
    voices: dict[str, VoiceSettings] = msgspec.field(default_factory=dict)
    mcp: dict[str, McpSettings] = msgspec.field(default_factory=dict)
