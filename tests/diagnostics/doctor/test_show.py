"""Findings as text."""

from __future__ import annotations

import msgspec

from satellite.diagnostics.doctor.show import lines, plain, summary
from satellite.lib.finding import Finding, broken, note, ok


def in_area(area: str, *found: Finding) -> list[Finding]:
    return [msgspec.structs.replace(finding, area=area) for finding in found]


FOUND = [
    *in_area("audio", ok("speaker", "found"), broken("microphone", "muted", "Deaf.", "unmute it")),
    *in_area("network", note("multicast", "no answer")),
]


def test_findings_are_grouped_by_area_with_consequence_and_remedy() -> None:
    assert plain(FOUND).splitlines() == [
        "audio",
        "  ok       speaker: found",
        "  broken   microphone: muted",
        "           Deaf.",
        "           -> unmute it",
        "",
        "network",
        "  note     multicast: no answer",
        "",
        "1 broken, 1 note, 1 ok",
    ]


def test_the_state_of_a_line_gives_its_colour() -> None:
    states = [state for state, text in lines(FOUND) if text.startswith("  ")]
    assert states == ["ok", "broken", None, None, "note"]


def test_the_summary_counts() -> None:
    assert summary([]) == "0 broken"
    assert summary([FOUND[1]] * 2 + [FOUND[2]] * 3) == "2 broken, 3 notes"
