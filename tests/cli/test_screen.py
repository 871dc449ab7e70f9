"""Tables and texts: aligned, and broken between words."""

import re

import pytest

from satellite.cli.discover import details, row
from satellite.cli.download import STYLES as BAR
from satellite.cli.plugins import describe
from satellite.cli.screen import count, table, wrapped
from satellite.cli.view import PHASES, STYLES
from satellite.components.registry import Report, report
from satellite.components.registry import find as find_plugin
from satellite.diagnostics.doctor.show import COLOURS
from satellite.net.discovery.remote_service import RemoteService


def test_columns_are_as_wide_as_their_longest_cell() -> None:
    assert table([("a", "bbb", "c"), ("aaaa", "b", "")], header=("X", "Y", "Z"), indent=" ") == (
        " X     Y    Z\n a     bbb  c\n aaaa  b"
    )
    assert table([]) == ""


def test_a_server_of_many_models_has_one_line() -> None:
    server = RemoteService(
        name="attic tts",
        uri="tcp://10.0.0.5:10200",
        roles=("tts",),
        models=("a", "b", "c", "d", "e"),
        languages=("de", "en"),
        latency=0.0042,
        ours=True,
        version="1.2",
        load=0.5,
    )
    assert row(server) == ("tts", "attic tts", "tcp://10.0.0.5:10200", "4 ms", "50%")
    assert details(server) == ("attic tts", "satellite 1.2", "a, b, c and 2 more", "de, en")
    assert row(RemoteService(name="x", uri="tcp://h:1", satellite=True))[0] == "satellite"


ROWS = [
    ("wake", "two-stage", "pymicro-wakeword 2.5.0, pymicro-features 2.0.2, pyopen-wakeword 1.1.0"),
    ("asr", "pocketsphinx", "pocketsphinx 5.1.1"),
]


def test_a_table_that_is_too_wide_breaks_between_words() -> None:
    lines = table(ROWS, width=60).splitlines()
    assert lines == [
        "wake  two-stage     pymicro-wakeword 2.5.0, pymicro-features",
        "                    2.0.2, pyopen-wakeword 1.1.0",
        "asr   pocketsphinx  pocketsphinx 5.1.1",
    ]
    assert table(ROWS) == table(ROWS, width=200)


@pytest.mark.parametrize("width", [1, 20, 40, 60, 80])
def test_no_width_breaks_a_word(width: int) -> None:
    words = table(ROWS, header=("ROLE", "NAME", "PACKAGES"), width=width).split()
    assert set(words) == {
        word
        for row in [("ROLE", "NAME", "PACKAGES"), *ROWS]
        for cell in row
        for word in cell.split()
    }


def test_a_row_with_long_words_becomes_a_block() -> None:
    name = "pulse:alsa_input.usb-Maker_Microphone-00.analog-stereo"
    rows = [("microphone, default", name, "USB Microphone Analog Stereo", "")]
    header = ("DEVICE", "COMPONENT", "DESCRIPTION", "RATE")
    assert table(rows, header=header, width=72).splitlines() == [
        "DEVICE       microphone, default",
        f"COMPONENT    {name}",
        "DESCRIPTION  USB Microphone Analog Stereo",
    ]


def test_an_indented_line_is_continued_under_its_beginning() -> None:
    assert wrapped("  one two\nthree four", 7).splitlines() == ["  one", "  two", "three", "four"]


def test_a_text_breaks_between_words_and_a_long_word_stands_alone() -> None:
    text = "no satellite answers at http://127.0.0.1:10780 now"
    assert wrapped(text, 22, later="  ").splitlines() == [
        "no satellite answers",
        "  at",
        "  http://127.0.0.1:10780",
        "  now",
    ]
    assert wrapped(text, None) == text


BLACK, WHITE = (0, 0, 0), (255, 255, 255)

STEPS = (0, 95, 135, 175, 215, 255)
"""Red, green and blue of the colour cube of xterm, colours 16 to 231."""


def luminance(colour: tuple[int, int, int]) -> float:
    """Return the relative luminance of WCAG 2."""
    parts = [part / 255 for part in colour]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    "style",
    sorted({*COLOURS.values(), *PHASES.values(), *STYLES.values(), *BAR.values()} - {"none"}),
)
def test_colours_are_readable_on_dark_and_light_terminals(style: str) -> None:
    number = re.fullmatch(r"(?:bold )?color\((\d+)\)", style)
    assert number is not None, f"{style} depends on the palette of the terminal"
    cube = int(number[1]) - 16
    colour = (STEPS[cube // 36], STEPS[cube // 6 % 6], STEPS[cube % 6])
    assert min(contrast(colour, BLACK), contrast(colour, WHITE)) >= 3


def test_a_count_has_the_right_number() -> None:
    assert [count(n, "turn") for n in (0, 1, 2)] == ["0 turns", "1 turn", "2 turns"]
    assert count(1, "stream has", "streams have") == "1 stream has"
    assert count(2, "stream has", "streams have") == "2 streams have"


def shown(role: str, name: str) -> list[str]:
    found: Report = report(find_plugin(role, name))
    return "\n".join(describe(found, 80)).splitlines()


def test_options_with_long_defaults_have_their_meaning_below() -> None:
    lines = shown("asr", "faster-whisper")
    at = lines.index("    temperature=0.0,0.2,0.4,0.6,0.8,1.0  (list of number)")
    assert lines[at + 1].startswith("        Temperatures, tried in turn")
    assert max(map(len, lines)) <= 80
    beside = shown("wake", "openwakeword")
    assert "    threshold=0.5      number         Score that counts as the word" in beside
