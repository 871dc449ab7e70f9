"""The codec: events within the limits are read, everything else is refused quickly."""

from __future__ import annotations

import time
import tracemalloc
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.errors import BadFrame
from satellite.net.frame import Limits, read_data, read_header

LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=30,
)
DATA = st.dictionaries(st.text(max_size=6), VALUES, max_size=5)


def depth(value: Any) -> int:
    """Return the nesting of a value, counted the slow way."""
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


@given(data=DATA, most=st.integers(1, 6))
def test_brackets_in_strings_do_not_count_as_nesting(data: dict[str, Any], most: int) -> None:
    text = msgspec.json.encode(data)
    limits = Limits(depth=most)
    if depth(data) <= most:
        assert read_data(text, limits, "it") == data
    else:
        with pytest.raises(BadFrame, match=f"nested more than {most} levels"):
            read_data(text, limits, "it")


@given(text=st.text(st.sampled_from('[]{}",:\\ a'), max_size=60))
def test_strings_may_contain_brackets(text: str) -> None:
    data = {text: [text, {text: text}]}
    assert read_data(msgspec.json.encode(data), Limits(depth=3, values=8), "it") == data


@given(junk=st.binary(max_size=300))
def test_junk_raises_bad_frame_only(junk: bytes) -> None:
    for read in (read_header, read_data):
        with suppress(BadFrame):
            read(junk, Limits(), "it")


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":' + b"[" * 500_000 + b"]" * 500_000 + b"}",
        b'{"a":[' + b"[]," * 330_000 + b"[]]}",
        b'{"a":[' + b"1," * 500_000 + b"1]}",
        b'{"a":[' + b'"\\"",' * 160_000 + b"1]}",
        b'{"a":"' + b'\\"' * 500_000,
        b'{"a":"' + b"[" * 1_000_000 + b'"',
        b'{"a":"' + b',"' * 500_000,
    ],
)
def test_hostile_data_is_read_in_linear_time(text: bytes) -> None:
    """Reading it again for each of its parts would take minutes."""
    began = time.thread_time()
    with pytest.raises(BadFrame):
        read_data(text, Limits(), "it")
    assert time.thread_time() - began < 5.0


def test_too_many_values_are_refused_before_they_take_memory() -> None:
    text = b'{"a":[' + b"[]," * 330_000 + b"[]]}"
    tracemalloc.start()
    try:
        with pytest.raises(BadFrame, match="values"):
            read_data(text, Limits(), "it")
        assert tracemalloc.get_traced_memory()[1] < 3 * len(text)
    finally:
        tracemalloc.stop()


def test_a_line_may_be_nested_as_deep_as_data() -> None:
    line = b'{"type": "x", "data": {"a": ' + b"[" * 40 + b"]" * 40 + b"}}"
    with pytest.raises(BadFrame, match="levels"):
        read_header(line, Limits(), "it")
    assert read_header(b'{"type": "x", "data": {"a": [[[]]]}}', Limits(), "it").data
