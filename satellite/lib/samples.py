"""Samples of other encodings as signed 16-bit little-endian, the only encoding used inside."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import Any


class Encoding(Enum):
    """How samples are encoded."""

    INTEGER = "integer"
    """Signed little-endian integers of 1 to 4 bytes."""
    FLOAT = "float"
    """IEEE 754 little-endian numbers of 4 or 8 bytes; full scale is 1."""
    A_LAW = "A-law"
    """One byte, ITU-T G.711."""
    MU_LAW = "mu-law"
    """One byte, ITU-T G.711."""


RATES = range(4000, 384_001)
"""Plausible rates in Hz, from telephone to studio equipment: one limit for files, peers, voices and
devices, as the cost of a conversion grows with the ratio of two rates."""

CHANNELS = range(1, 33)
"""Plausible numbers of channels."""

WIDTHS = {
    Encoding.INTEGER: (1, 2, 3, 4),
    Encoding.FLOAT: (4, 8),
    Encoding.A_LAW: (1,),
    Encoding.MU_LAW: (1,),
}
"""Bytes that a sample of an encoding can have."""


def to_s16(samples: bytes, width: int, encoding: Encoding = Encoding.INTEGER) -> bytes:
    """Return whole samples of `width` bytes as 16-bit ones. Integers keep their upper 16 bits."""
    if encoding is Encoding.FLOAT:
        return _from_float(samples, width)
    if encoding is not Encoding.INTEGER:
        return _from_companded(samples, encoding)
    if width == 2:
        return samples
    result = bytearray(2 * (len(samples) // width))
    if width > 2:
        result[0::2] = samples[width - 2 :: width]
    result[1::2] = samples[width - 1 :: width]
    return bytes(result)


def _from_float(samples: bytes, width: int) -> bytes:
    import numpy as np  # only for this encoding: it costs 0.1 s on a small computer

    values = np.frombuffer(samples, f"<f{width}")
    finite = np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=-1.0)
    scaled = np.clip(finite, -1.0, 1.0) * 32768.0  # the largest numbers cannot be scaled
    return bytes(np.clip(np.rint(scaled), -32768, 32767).astype("<i2").tobytes())


def _from_companded(samples: bytes, encoding: Encoding) -> bytes:
    import numpy as np  # as above

    return bytes(_expanded(encoding)[np.frombuffer(samples, np.uint8)].tobytes())


@lru_cache
def _expanded(encoding: Encoding) -> Any:
    """Return the 16-bit value of each of the 256 codes of G.711."""
    import numpy as np  # as above

    expand = _expand_a_law if encoding is Encoding.A_LAW else _expand_mu_law
    return np.array([expand(code) for code in range(256)], "<i2")


def _expand_a_law(code: int) -> int:
    """G.711, table 1, on the scale of 16 bits: even bits are inverted on the line."""
    code ^= 0x55
    segment, step = (code >> 4) & 7, code & 15
    value = (step << 4) + 8 if not segment else ((step << 4) + 0x108) << (segment - 1)
    return value if code & 0x80 else -value


def _expand_mu_law(code: int) -> int:
    """G.711, table 2, on the scale of 16 bits: all bits are inverted on the line."""
    code = ~code & 0xFF
    value = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return -value if code & 0x80 else value
