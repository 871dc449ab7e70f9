"""A text is divided into sentences, or into clauses if time is short."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from satellite.languages.text_rules import text_rules
from satellite.text.rules import CHARACTERS_PER_SECOND
from servers.tts.segmenter import LONGEST_PIECE, WHOLE_SENTENCE, Segmenter

TEXTS = st.text(st.sampled_from("abcdeAB 1,.!?…;:\n、。-'\""), max_size=400)


def read(text: str, *fitting: float) -> list[tuple[str, bool]]:
    """Return all pieces; the last limit applies to all further pieces."""
    script, found = Segmenter(text, rules=text_rules("de")), []
    while piece := script.take(fitting[min(len(found), len(fitting) - 1)]):
        found.append((piece.text, piece.opens))
    return found


@given(TEXTS, st.lists(st.floats(0, 1000), min_size=1, max_size=5))
def test_no_text_is_lost_and_no_piece_is_too_long(text: str, fitting: list[float]) -> None:
    found = [piece for piece, _ in read(text, *fitting)]
    assert [c for c in "".join(found) if c.isalnum()] == [c for c in text if c.isalnum()]
    assert all(len(piece) <= LONGEST_PIECE * CHARACTERS_PER_SECOND for piece in found)
    assert all(any(c.isalnum() for c in piece) for piece in found)


def test_the_first_piece_is_a_clause_and_later_ones_are_sentences() -> None:
    text = "It is seven o'clock, and the sun is up. It rains, and the wind is strong. Bye."
    assert read(text, 0, 1000) == [
        ("It is seven o'clock,", True),
        ("and the sun is up.", False),
        ("It rains, and the wind is strong.", True),
        ("Bye.", True),
    ]
    assert len(text.partition(".")[0]) > WHOLE_SENTENCE * CHARACTERS_PER_SECOND
    assert read("One, two, three, go.", 0) == [("One, two, three, go.", True)]


def test_as_much_of_a_long_sentence_as_fits() -> None:
    text = "The lamp in the kitchen is on, the heater in the hall is off, and the door is open now."
    assert read(text, 70, 1000)[0][0] == (
        "The lamp in the kitchen is on, the heater in the hall is off,"
    )


def test_initials_numbers_and_small_letters_do_not_end_a_sentence() -> None:
    for text in ("Am 3. Mai kommt J. S. Bach an.", "Das ist z. B. so gemeint.", "It is ca. five."):
        assert read(text, 1000) == [(text, True)]


def test_each_block_is_prepared_once_and_on_demand() -> None:
    seen: list[str] = []

    def prepare(text: str) -> str:
        seen.append(text)
        return text.upper()

    script = Segmenter("One two three four. " * 500, prepare)
    assert not seen
    piece = script.take(0)
    assert piece is not None
    assert piece.text == "ONE TWO THREE FOUR."
    assert len(seen) == 1
