"""Tables and texts: aligned, and broken between words."""

import pytest

from satellite.cli.discover import details, row
from satellite.cli.screen import count, table, wrapped
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


def test_a_count_has_the_right_number() -> None:
    assert [count(n, "turn") for n in (0, 1, 2)] == ["0 turns", "1 turn", "2 turns"]
    assert count(1, "stream has", "streams have") == "1 stream has"
    assert count(2, "stream has", "streams have") == "2 streams have"
