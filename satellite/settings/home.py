"""The home: what is in it, Home Assistant, and the satellites of its other rooms."""

from __future__ import annotations

from typing import Annotated, Literal

from satellite.options import OptionSet, option

USUAL_AREAS = ("living room", "kitchen", "bedroom", "bathroom", "office", "hallway", "garage")
USUAL_NAMES = ("lamp", "light", "lights", "fan", "television", "heater", "radio", "coffee machine")


class HomeSettings(OptionSet, frozen=True):
    """Which home is connected, and what can be named in requests to it."""

    url: Annotated[str, option("Home Assistant to be used, as http://homeassistant.local:8123")] = (
        ""
    )
    token_file: Annotated[
        str, option("File with its long-lived access token; else SATELLITE_HOME_TOKEN has it")
    ] = ""
    areas: Annotated[
        tuple[str, ...], option("Names of rooms, beside those of a home connected")
    ] = USUAL_AREAS
    names: Annotated[tuple[str, ...], option("Names of things to switch, likewise")] = USUAL_NAMES


HOME_ASSISTANT_PORT = "tcp://0.0.0.0:10700"
"""Where Home Assistant looks for a Wyoming satellite that it is told of by hand."""


class HomeAssistantSettings(OptionSet, frozen=True):
    """What Home Assistant may do with this satellite."""

    listen: Annotated[str, option("Address at which Home Assistant reaches us; empty for none")] = (
        HOME_ASSISTANT_PORT
    )
    advertise: Annotated[tuple[str, ...], option("Addresses to announce; all by default")] = ()
    wake: Annotated[
        Literal["here", "stream", "voice"],
        option(
            "Who hears the wake word: we do; or Home Assistant, sent all sound (stream) or only "
            "what is said (voice)"
        ),
    ] = "here"
    chime: Annotated[bool, option("Sound before an announcement")] = True
    patience: Annotated[
        float,
        option("Silence within a turn after which it is lost", unit="s", minimum=0.2, maximum=10),
    ] = 1.0
    answer: Annotated[
        float, option("From what was understood to its answer", unit="s", minimum=1)
    ] = 30.0


class RoomsSettings(OptionSet, frozen=True):
    """How satellites that hear the same wake word agree which of them answers."""

    enabled: Annotated[bool, option("Agree with others; never with --no-zeroconf")] = True
    group: Annotated[
        str,
        option("What the satellites of one home share, and no neighbour knows: a name or a phrase"),
    ] = "home"
    window: Annotated[
        float,
        option(
            "From a wake word to the decision, where there are others",
            unit="s",
            minimum=0.02,
            maximum=1,
        ),
    ] = 0.1
    port: Annotated[int, option("UDP port", minimum=1, maximum=65535)] = 10710
