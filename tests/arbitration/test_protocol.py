"""Datagrams: what they say, and that nothing else is believed."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.arbitration.protocol import LONGEST, PRINT, Claim, Message, Rank, Seal, spoken

SENDER = "0123456789abcdef"


def claimed(sender: str = SENDER, **changes: object) -> Message:
    rank = Rank(busy=False, quality=31, score=870, satellite=sender)
    claim = Claim(event=4, word="okay nabu", age=0.25, rank=rank, print=bytes(PRINT))
    message = Message("claim", SENDER, 17, "kitchen", busy=False, claim=claim)
    return msgspec.structs.replace(message, **changes)


@pytest.mark.parametrize("kind", ["claim", "answer"])
def test_what_is_written_is_read(kind: str) -> None:
    message = claimed(kind=kind)
    assert Seal("home").read(Seal(" home ").write(message)) == message


def test_presence_needs_no_claim() -> None:
    message = Message("here", SENDER, 1, "küche", busy=True)
    assert Seal("home").read(Seal("home").write(message)) == message


def test_another_home_is_not_understood() -> None:
    assert Seal("our phrase").read(Seal("home").write(claimed())) is None


def test_the_longest_datagram_is_within_the_limit() -> None:
    rank = Rank(busy=True, quality=-500, score=1000, satellite=SENDER)
    claim = Claim(2**53, "ü" * 64, 4.9, rank, bytes(PRINT))
    message = Message("answer", SENDER, 2**53, "ü" * 64, busy=True, claim=claim)
    assert len(Seal("home").write(message)) <= LONGEST


@pytest.mark.parametrize(
    "message",
    [
        claimed(sender="f" * 16),  # claims in another's name
        claimed(kind="here"),
        claimed(claim=None),
        claimed(satellite="not hexadecimal!"),
        claimed(name=""),
        claimed(number=-1),
        claimed(kind="obey"),
    ],
)
def test_what_makes_no_sense_is_not_believed(message: Message) -> None:
    assert Seal("home").read(Seal("home").write(message)) is None


@pytest.mark.parametrize("age", [-1.0, 6.0, float("nan"), float("inf")])
def test_no_age_is_believed_that_would_be_remembered_for_ever(age: float) -> None:
    claim = claimed().claim
    assert claim is not None
    message = claimed(claim=msgspec.structs.replace(claim, age=age))
    assert Seal("home").read(Seal("home").write(message)) is None


@given(st.binary(max_size=LONGEST + 10))
def test_anything_else_is_nothing(datagram: bytes) -> None:
    assert Seal("home").read(datagram) is None


@given(st.data())
def test_one_changed_byte_is_noticed(data: st.DataObject) -> None:
    datagram = bytearray(Seal("home").write(claimed()))
    place = data.draw(st.integers(0, len(datagram) - 1))
    datagram[place] ^= data.draw(st.integers(1, 255))
    assert Seal("home").read(bytes(datagram)) is None


@pytest.mark.parametrize("name", ["okay_nabu", "Okay Nabu", "ok_nabu_v0.1", "okay-nabu", "OK Nabu"])
def test_engines_call_one_word_by_several_names(name: str) -> None:
    assert spoken(name) == "okay nabu"


def test_a_name_of_signs_alone_is_still_a_word() -> None:
    assert spoken("___") == "?"
    assert len(spoken("x" * 1000)) == 64
