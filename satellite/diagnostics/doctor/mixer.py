"""ALSA's mixers: capture switched off, or turned down, in the sound card itself."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator

import msgspec

from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding, warning
from satellite.lib.daemon_thread import program

_CONTROL = re.compile(r"^Simple mixer control '(.*?)',(\d+)$")
_VALUE = re.compile(r"(Capture|Playback) \d+ \[(\d+)%\].*?(?:\[(on|off)\])?$")

_MATTERS = {
    "Capture": ("Capture", "Mic", "ADC", "Internal Mic", "Headset Mic"),
    "Playback": ("Master", "PCM", "Speaker", "Headphone"),
}
"""Names of the controls that everything goes through; others are for extra ways."""


class Control(msgspec.Struct, frozen=True):
    """One direction of a mixer control."""

    name: str
    direction: str
    """`Capture` or `Playback`."""
    percent: int
    on: bool

    @property
    def silent(self) -> bool:
        """Whether nothing comes through."""
        return not self.on or self.percent == 0


async def mixer(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Whether a card's own mixer lets sound through."""
    cards = re.findall(r"^\s*(\d+) \[", case.text("proc/asound/cards") or "", re.MULTILINE)
    for card in cards:
        answer = await program(["amixer", "-c", card, "scontents"])
        if answer is not None and answer.code == 0:
            for finding in silenced(card, answer.output):
                yield finding


def silenced(card: str, listing: str) -> Iterator[Finding]:
    """What keeps sound from coming through, in the output of `amixer scontents`."""
    for control in controls(listing):
        if control.silent and control.name in _MATTERS[control.direction]:
            switch = "cap" if control.direction == "Capture" else "unmute"
            yield warning(
                f"mixer of card {card}",
                f"{control.name} ({control.direction.lower()}) is "
                + ("switched off" if not control.on else "at 0 %"),
                {"Capture": "The card hears nothing.", "Playback": "Nothing is heard of it."}[
                    control.direction
                ],
                f"amixer -c {card} sset '{control.name}' 80% {switch}; sudo alsactl store keeps it",
            )


def controls(listing: str) -> list[Control]:
    """The controls of a card, each direction once: the loudest channel counts."""
    found: dict[tuple[str, str], Control] = {}
    name = ""
    for line in listing.splitlines():
        if head := _CONTROL.match(line):
            name = head[1]
        elif value := _VALUE.search(line):
            control = Control(name, value[1], int(value[2]), value[3] != "off")
            before = found.get((name, value[1]))
            if before is None or before.silent or control.percent > before.percent:
                found[name, value[1]] = control
    return list(found.values())
