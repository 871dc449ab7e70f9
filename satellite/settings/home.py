"""Settings of the home, Home Assistant, and the satellites of other rooms."""

from __future__ import annotations

from typing import Annotated, Literal

from satellite.options import OptionSet, option

USUAL_AREAS = ("living room", "kitchen", "bedroom", "bathroom", "office", "hallway", "garage")
USUAL_NAMES = ("lamp", "light", "lights", "fan", "television", "heater", "radio", "coffee machine")


class HomeSettings(OptionSet, frozen=True):
    """The connected home, and the names in requests to it."""

    url: Annotated[
        str, option("Home Assistant's address, such as http://homeassistant.local:8123")
    ] = ""
    token_file: Annotated[
        str, option("File with its long-lived access token; SATELLITE_HOME_TOKEN is used otherwise")
    ] = ""
    mcp: Annotated[
        bool,
        option(
            "Offer the tools of Home Assistant's MCP server to language models, in place of ours "
            "for the home"
        ),
    ] = False
    areas: Annotated[
        tuple[str, ...], option("Names of rooms, in addition to those of a connected home")
    ] = USUAL_AREAS
    names: Annotated[tuple[str, ...], option("Names of devices, likewise")] = USUAL_NAMES

    @property
    def own_areas(self) -> tuple[str, ...]:
        """The areas that were set; empty for the default, which need not exist in this home."""
        return () if self.areas == USUAL_AREAS else self.areas

    @property
    def own_names(self) -> tuple[str, ...]:
        """The names that were set; empty for the default, which need not exist in this home."""
        return () if self.names == USUAL_NAMES else self.names


HOME_ASSISTANT_PORT = "tcp://0.0.0.0:10700"
"""The port at which Home Assistant looks for a Wyoming satellite that is added by hand."""


ESPHOME_PORT = "tcp://0.0.0.0:6053"
"""The port at which Home Assistant looks for an ESPHome device that is added by hand."""


class HomeAssistantSettings(OptionSet, frozen=True):
    """Use of this satellite by Home Assistant."""

    listen: Annotated[str, option("Address to listen on for Home Assistant; empty for none")] = (
        HOME_ASSISTANT_PORT
    )
    protocol: Annotated[
        Literal["auto", "esphome", "wyoming"],
        option(
            "Protocol by which it uses this satellite: ESPHome's API (extra esphome), or Wyoming; "
            "auto is ESPHome's, unless Wyoming is in use already"
        ),
    ] = "auto"
    esphome: Annotated[str, option("Address to listen on for ESPHome's API")] = ESPHOME_PORT
    advertise: Annotated[tuple[str, ...], option("Addresses to announce; all by default")] = ()
    wake: Annotated[
        Literal["here", "stream", "voice"],
        option(
            "Detector of the wake word: this satellite (here), or Home Assistant, which gets all "
            "sound (stream) or only speech (voice)"
        ),
    ] = "here"
    chime: Annotated[bool, option("Play a sound before an announcement")] = True
    patience: Annotated[
        float,
        option(
            "Silence within a turn after which it counts as lost",
            unit="s",
            minimum=0.2,
            maximum=10,
        ),
    ] = 1.0
    answer: Annotated[
        float, option("Time from the understood text to its answer", unit="s", minimum=1)
    ] = 30.0


class RoomsSettings(OptionSet, frozen=True):
    """Agreement of satellites that detect the same wake word on which one answers."""

    enabled: Annotated[bool, option("Agree with other satellites; never with --no-zeroconf")] = True
    group: Annotated[
        str,
        option("Passphrase that the satellites of one home share, and no neighbour knows"),
    ] = "home"
    window: Annotated[
        float,
        option(
            "Time from a wake word to the decision, if there are other satellites",
            unit="s",
            minimum=0.02,
            maximum=1,
        ),
    ] = 0.1
    port: Annotated[int, option("UDP port", minimum=1, maximum=65535)] = 10710
