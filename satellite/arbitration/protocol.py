"""Messages between satellites: small datagrams, bounded in every part.

A datagram is `MAGIC`, a tag of 16 bytes that only a member of the group can compute (BLAKE2s of the
rest, keyed with the group's name: RFC 7693, 2.9), and MessagePack. Times are sent as ages, so that
clocks may disagree.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Annotated, Literal

import msgspec

from satellite.builtin.wake.bundled_models import spelled, split_version

MAGIC = b"SAT1"
LONGEST = 512
"""Bytes of a datagram: every network delivers this much in one piece (RFC 791: 576)."""

PRINT = 128
"""Bytes of a sound's fingerprint, see `satellite.arbitration.fingerprint`."""

_TAG = 16
"""Bytes of the authentication tag: one of 2^128 cannot be guessed."""

_SENDER = re.compile(r"[0-9a-f]{16}")
_GAPS = re.compile(r"[\W_]+")

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]

MessageKind = Literal["here", "ask", "gone", "claim", "answer"]


class Rank(msgspec.Struct, frozen=True, order=True, array_like=True, forbid_unknown_fields=True):
    """The claim of a satellite to answer; the greatest wins.

    The order is total and every satellite sees the same numbers, so all reach the same decision.
    """

    busy: bool
    """Whether a turn runs or a timer rings there: an ongoing conversation continues where it is."""
    quality: Annotated[int, msgspec.Meta(ge=-500, le=500)]
    """How well the word was heard, in decibels (`satellite.arbitration.fingerprint`)."""
    score: Annotated[int, msgspec.Meta(ge=0, le=1000)]
    """Confidence of the wake engine in thousandths; 0 where it has not fired yet."""
    satellite: str
    """Id of the sender, so that no two ranks are equal."""


class Claim(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A claim to answer a wake word that the sender heard."""

    event: Number
    """The sender's number of the wake."""
    word: Name
    """In the form of `normalized_word`."""
    age: Annotated[float, msgspec.Meta(ge=0, le=5)]
    """Seconds since the word was heard."""
    rank: Rank
    print: Annotated[bytes, msgspec.Meta(max_length=PRINT)] = b""
    """Fingerprint of the sound, for satellites whose detector has not fired yet."""


class GroupMessage(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The content of one datagram."""

    kind: MessageKind
    """`here` announces the sender, `ask` requests such announcements from the others, `gone` is a
    farewell; `claim` announces a wake, `answer` the decision to answer it."""
    satellite: Annotated[str, msgspec.Meta(min_length=16, max_length=16)]
    """Id of the sender, new at each start: 16 hexadecimal digits."""
    number: Number
    """Sequence number of the sender's datagrams, against replays."""
    name: Name
    busy: bool
    """As in `Rank`."""
    claim: Claim | None = None


_DECODER = msgspec.msgpack.Decoder(GroupMessage)


class Seal:
    """Authenticates the datagrams of one group: writes them, and reads only those of its
    members."""

    def __init__(self, group: str) -> None:
        """Create the seal of a group, whose name is the shared key."""
        self._key = hashlib.blake2s(group.strip().encode()).digest()

    def write(self, message: GroupMessage) -> bytes:
        """Return the datagram of a message."""
        content = msgspec.msgpack.encode(message)
        return MAGIC + self._tag(content) + content

    def read(self, datagram: bytes) -> GroupMessage | None:
        """Return the message in a datagram; None if it is malformed or of another group."""
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


def normalized_word(name: str) -> str:
    """Return the form in which engines' names of a wake word compare: `okay nabu` for
    `ok_nabu_v0.1`."""
    words = _GAPS.sub(" ", split_version(name)[0].casefold()).strip()
    return spelled(words)[:64] or "?"
