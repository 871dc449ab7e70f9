"""How findings are shown."""

from __future__ import annotations

from satellite.diagnostics.doctor.finding import Finding, broken, note, ok
from satellite.diagnostics.doctor.show import lines, plain, summary


def in_area(area: str, *found: Finding) -> list[Finding]:
    import msgspec

    return [msgspec.structs.replace(finding, area=area) for finding in found]


FOUND = [
    *in_area("audio", ok("speaker", "there"), broken("microphone", "muted", "Deaf.", "unmute it")),
    *in_area("network", note("multicast", "nobody answered")),
]


def test_findings_stand_under_their_areas_with_what_they_mean_and_what_to_do() -> None:
    assert plain(FOUND).splitlines() == [
        "audio",
        "  ok       speaker: there",
        "  broken   microphone: muted",
        "           Deaf.",
        "           -> unmute it",
        "",
        "network",
        "  note     multicast: nobody answered",
        "",
        "1 broken, 1 note, 1 ok",
    ]


def test_the_state_of_a_line_gives_its_colour() -> None:
    states = [state for state, text in lines(FOUND) if text.startswith("  ")]
    assert states == ["ok", "broken", None, None, "note"]


def test_the_summary_counts() -> None:
    assert summary([]) == "0 broken"
    assert summary([FOUND[1]] * 2 + [FOUND[2]] * 3) == "2 broken, 3 notes"
