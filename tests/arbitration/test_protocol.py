"""Datagrams: content, authentication and validation."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.arbitration.protocol import (
    LONGEST,
    PRINT,
    Claim,
    GroupMessage,
    Rank,
    Seal,
    normalized_word,
)

SENDER = "0123456789abcdef"


def claimed(sender: str = SENDER, **changes: object) -> GroupMessage:
    rank = Rank(busy=False, quality=31, score=870, satellite=sender)
    claim = Claim(event=4, word="okay nabu", age=0.25, rank=rank, print=bytes(PRINT))
    message = GroupMessage("claim", SENDER, 17, "kitchen", busy=False, claim=claim)
    return msgspec.structs.replace(message, **changes)


@pytest.mark.parametrize("kind", ["claim", "answer"])
def test_a_written_message_is_read_unchanged(kind: str) -> None:
    message = claimed(kind=kind)
    assert Seal("home").read(Seal(" home ").write(message)) == message


def test_a_presence_message_has_no_claim() -> None:
    message = GroupMessage("here", SENDER, 1, "küche", busy=True)
    assert Seal("home").read(Seal("home").write(message)) == message


def test_datagrams_of_another_group_are_ignored() -> None:
    assert Seal("our phrase").read(Seal("home").write(claimed())) is None


def test_the_longest_datagram_is_within_the_limit() -> None:
    rank = Rank(busy=True, quality=-500, score=1000, satellite=SENDER)
    claim = Claim(2**53, "ü" * 64, 4.9, rank, bytes(PRINT))
    message = GroupMessage("answer", SENDER, 2**53, "ü" * 64, busy=True, claim=claim)
    assert len(Seal("home").write(message)) <= LONGEST


@pytest.mark.parametrize(
    "message",
    [
        claimed(sender="f" * 16),  # a claim in another satellite's name
        claimed(kind="here"),
        claimed(claim=None),
        claimed(satellite="not hexadecimal!"),
        claimed(name=""),
        claimed(number=-1),
        claimed(kind="obey"),
    ],
)
def test_inconsistent_messages_are_ignored(message: GroupMessage) -> None:
    assert Seal("home").read(Seal("home").write(message)) is None


@pytest.mark.parametrize("age", [-1.0, 6.0, float("nan"), float("inf")])
def test_ages_out_of_range_are_refused(age: float) -> None:
    claim = claimed().claim
    assert claim is not None
    message = claimed(claim=msgspec.structs.replace(claim, age=age))
    assert Seal("home").read(Seal("home").write(message)) is None


@given(st.binary(max_size=LONGEST + 10))
def test_arbitrary_bytes_are_ignored(datagram: bytes) -> None:
    assert Seal("home").read(datagram) is None


@given(st.data())
def test_a_single_changed_byte_is_detected(data: st.DataObject) -> None:
    datagram = bytearray(Seal("home").write(claimed()))
    place = data.draw(st.integers(0, len(datagram) - 1))
    datagram[place] ^= data.draw(st.integers(1, 255))
    assert Seal("home").read(bytes(datagram)) is None


@pytest.mark.parametrize(
    "name",
    [
        *("okay_nabu", "Okay Nabu", "ok_nabu_v0.1", "okay-nabu", "OK Nabu", "OK, Naboo!"),
        *("okay_nabu_20241226.3", "ok nabu v2"),
    ],
)
def test_engines_names_of_one_word_are_equal(name: str) -> None:
    assert normalized_word(name) == "okay nabu"


def test_a_name_without_letters_has_a_normalized_form() -> None:
    assert normalized_word("___") == "?"
    assert len(normalized_word("x" * 1000)) == 64
