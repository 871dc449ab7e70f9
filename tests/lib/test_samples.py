"""Samples of other encodings: the same sound in 16 bits."""

from __future__ import annotations

import struct
import warnings

import pytest

from satellite.lib.samples import Encoding, to_s16

VALUES = [0, 1, -1, 256, -256, 12345, -12345, 32767, -32768]


def s16(values: list[int]) -> bytes:
    return struct.pack(f"<{len(values)}h", *values)


def test_sixteen_bits_stay_as_they_are() -> None:
    assert to_s16(s16(VALUES), 2) == s16(VALUES)


@pytest.mark.parametrize("width", [3, 4])
def test_wider_integers_keep_their_upper_bits(width: int) -> None:
    shift = 8 * (width - 2)
    wide = b"".join(struct.pack("<i", value << shift)[:width] for value in VALUES)
    assert to_s16(wide, width) == s16(VALUES)


def test_narrow_integers_fill_the_upper_bits() -> None:
    assert to_s16(struct.pack("<3b", 0, 127, -128), 1) == s16([0, 127 << 8, -128 << 8])


@pytest.mark.parametrize(("width", "letter"), [(4, "f"), (8, "d")])
def test_numbers_of_full_scale_one(width: int, letter: str) -> None:
    numbers = struct.pack(f"<{len(VALUES)}{letter}", *(value / 32768 for value in VALUES))
    assert to_s16(numbers, width, Encoding.FLOAT) == s16(VALUES)


def test_numbers_beyond_the_scale_are_clipped_and_no_number_is_silence() -> None:
    odd = struct.pack("<5f", 2.0, -2.0, float("inf"), float("-inf"), float("nan"))
    assert to_s16(odd, 4, Encoding.FLOAT) == s16([32767, -32768, 32767, -32768, 0])


@pytest.mark.parametrize(("width", "letter", "most"), [(4, "f", 3.4e38), (8, "d", 1.7e308)])
def test_the_largest_numbers_are_clipped_without_a_warning(
    width: int, letter: str, most: float
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = to_s16(struct.pack(f"<2{letter}", most, -most), width, Encoding.FLOAT)
    assert found == s16([32767, -32768])


@pytest.mark.parametrize(
    ("encoding", "convert"), [(Encoding.A_LAW, "alaw2lin"), (Encoding.MU_LAW, "ulaw2lin")]
)
def test_companded_samples_are_those_of_the_standard_library(
    encoding: Encoding, convert: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        audioop = pytest.importorskip("audioop", reason="audioop is gone from Python 3.13 on")
    codes = bytes(range(256))
    assert to_s16(codes, 1, encoding) == getattr(audioop, convert)(codes, 2)


@pytest.mark.parametrize("encoding", [Encoding.A_LAW, Encoding.MU_LAW])
def test_companded_samples_rise_with_their_codes(encoding: Encoding) -> None:
    """G.711: each half of the codes is monotonous, the halves are each other's negatives."""
    flip = 0x55 if encoding is Encoding.A_LAW else 0xFF
    codes = (
        bytes(code ^ flip for code in range(128)),
        bytes(code ^ flip for code in range(128, 256)),
    )
    one, other = (struct.unpack("<128h", to_s16(half, 1, encoding)) for half in codes)
    assert sorted(map(abs, one)) == list(map(abs, one))
    assert [-value for value in one] == list(other)


def test_no_samples_are_no_samples() -> None:
    for encoding in Encoding:
        assert to_s16(b"", 4 if encoding is Encoding.FLOAT else 1, encoding) == b""
