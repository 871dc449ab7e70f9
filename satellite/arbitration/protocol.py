"""What satellites say to each other: small datagrams, bounded in every part.

A datagram is `MAGIC`, 16 bytes that only who knows the group can make (BLAKE2s of the rest, keyed
with the group's name: RFC 7693, 2.9), and MessagePack. Times are told as "so long ago", so that
clocks which disagree do no harm.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Annotated, Literal

import msgspec

MAGIC = b"SAT1"
LONGEST = 512
"""Bytes of a datagram: within what any network passes on in one piece (RFC 791: 576)."""

PRINT = 128
"""Bytes that tell what was heard, see `satellite.arbitration.fingerprint`."""

_TAG = 16
"""Bytes of the seal: nobody guesses one of 2^128."""

_SENDER = re.compile(r"[0-9a-f]{16}")
_GAPS = re.compile(r"[\W_]+")
_VERSION = re.compile(r"_v\d+(\.\d+)*$")

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Rank(msgspec.Struct, frozen=True, order=True, array_like=True, forbid_unknown_fields=True):
    """How much a satellite is the one that should answer: the greatest is.

    The order is total and every satellite sees the same numbers, so all come to the same answer.
    """

    busy: bool
    """Its turn is running, or it rings: who is being talked with goes on being talked with."""
    quality: Annotated[int, msgspec.Meta(ge=-500, le=500)]
    """How well the word was heard, in steps of a decibel (`satellite.arbitration.fingerprint`)."""
    score: Annotated[int, msgspec.Meta(ge=0, le=1000)]
    """How sure the wake engine was, in thousandths; 0 where it has not said so yet."""
    satellite: str
    """The sender's id, so that no two are the same."""


class Claim(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A wake word that a satellite heard."""

    event: Number
    """The sender's number of it."""
    word: Name
    """As `spoken` writes it."""
    age: Annotated[float, msgspec.Meta(ge=0, le=5)]
    """Seconds since it was heard."""
    rank: Rank
    print: Annotated[bytes, msgspec.Meta(max_length=PRINT)] = b""
    """What it sounded like, for those whose detector has not heard it yet."""


class Message(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What one datagram says."""

    kind: Literal["here", "ask", "gone", "claim", "answer"]
    """`here` says that the sender is there, `ask` wants to know who else is, `gone` that it
    leaves; `claim` that it heard a word, `answer` that it is the one that answers."""
    satellite: Annotated[str, msgspec.Meta(min_length=16, max_length=16)]
    """The sender's id, another each time it is started: 16 hexadecimal digits."""
    number: Number
    """Counts the sender's datagrams, so that old ones cannot be played again."""
    name: Name
    busy: bool
    """As in its rank."""
    claim: Claim | None = None


_DECODER = msgspec.msgpack.Decoder(Message)


class Seal:
    """Reads and writes the datagrams of one group."""

    def __init__(self, group: str) -> None:
        """Satellites whose groups differ do not understand each other."""
        self._key = hashlib.blake2s(group.strip().encode()).digest()

    def write(self, message: Message) -> bytes:
        """The datagram that says it."""
        content = msgspec.msgpack.encode(message)
        return MAGIC + self._tag(content) + content

    def read(self, datagram: bytes) -> Message | None:
        """What a datagram says; None where it is not of this group, or not one at all."""
        start = len(MAGIC) + _TAG
        if len(datagram) > LONGEST or not datagram.startswith(MAGIC):
            return None
        content = datagram[start:]
        if not hmac.compare_digest(datagram[len(MAGIC) : start], self._tag(content)):
            return None
        try:
            message = _DECODER.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        claimed = message.kind in ("claim", "answer")
        if not _SENDER.fullmatch(message.satellite) or claimed != (message.claim is not None):
            return None
        if message.claim is not None and message.claim.rank.satellite != message.satellite:
            return None
        return message

    def _tag(self, content: bytes) -> bytes:
        return hashlib.blake2s(content, digest_size=_TAG, key=self._key).digest()


def spoken(name: str) -> str:
    """A wake word as all engines' names for it are compared: `okay nabu` for `ok_nabu_v0.1`."""
    plain = _GAPS.sub(" ", _VERSION.sub("", name.strip().casefold())).strip()
    if plain.startswith("ok "):
        plain = f"okay {plain[3:]}"
    return plain[:64] or "?"
