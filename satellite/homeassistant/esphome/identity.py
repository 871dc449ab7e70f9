"""The identity of this satellite for Home Assistant: its address, its key, and the door it uses.

Home Assistant knows a device by a MAC address. Ours is made once and stored: an address of the
network card changes with the card, and one that is derived from a name with the name.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from typing import Annotated, Literal

import msgspec

from satellite.lib import paths
from satellite.lib.persistence import StoredValue

Door = Literal["esphome", "wyoming"]
"""The protocol by which Home Assistant uses a satellite."""

ZERO_KEY = bytes(32)
"""The key with which Home Assistant connects to give a device its first own one."""

_LOCAL = 0x02
"""Bit of the first byte of a MAC address that no manufacturer has assigned (IEEE 802)."""

_SUFFIX = 6
"""Digits of the address after the name: two satellites with one name have different host names."""

_LONGEST = 40
"""Letters of the name before them; a label of a host name has 63 bytes."""


class StoredIdentity(msgspec.Struct, frozen=True):
    """The parts of an identity, each empty until there is one."""

    mac: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{12})?$")] = ""
    key: Annotated[str, msgspec.Meta(max_length=64)] = ""
    door: Literal["", "esphome", "wyoming"] = ""


def identity_store(satellite: str) -> StoredValue[StoredIdentity]:
    """Return the file of a satellite's identity."""
    return StoredValue.for_satellite("homeassistant", satellite, StoredIdentity, StoredIdentity())


class Identity:
    """What Home Assistant recognizes this satellite by, in a file of its own.

    Other programs, such as `satellite homeassistant`, may change the file at any time. Each method
    blocks for as long as a small file takes; those that change it wait for such programs, and raise
    `FileBusy` after a while.
    """

    def __init__(self, satellite: str) -> None:
        self._satellite = satellite
        self._mac = ""
        self._store = identity_store(satellite)

    @property
    def new(self) -> bool:
        """Whether no satellite has run with this state folder before there was this identity."""
        folder, own = paths.state_folder(), self._store.file
        return own.exists() or not folder.is_dir() or not any(folder.glob("*.json"))

    @property
    def mac(self) -> str:
        """The MAC address as 12 lower hexadecimal digits; it is made at the first use."""
        if not self._mac:
            stored = self._store.read()
            if not stored.mac:
                stored = self._store.change(_with_mac)
            self._mac = stored.mac  # also where it cannot be stored
        return self._mac

    @property
    def stored(self) -> bool:
        """Whether the address is the same after a restart."""
        mac = self.mac
        return self._store.read().mac == mac

    @property
    def name(self) -> str:
        """The name of the device and of its host: lower letters, digits and hyphens."""
        letters = re.sub(r"[^a-z0-9]+", "-", self._satellite.lower()).strip("-")[:_LONGEST]
        return f"{letters.strip('-') or 'satellite'}-{self.mac[-_SUFFIX:]}"

    @property
    def key(self) -> bytes:
        """The key of encrypted connections; empty as long as there is none."""
        return key_of(self._store.read().key) or b""

    @property
    def key_text(self) -> str:
        """The key as Home Assistant asks for it; empty as long as there is none."""
        return base64.b64encode(self.key).decode()

    def set_key(self, key: bytes) -> None:
        """Store a key; an empty one makes the satellite forget it."""
        text = base64.b64encode(key).decode()
        self._store.change(lambda stored: msgspec.structs.replace(stored, key=text))

    def make_key(self) -> str:
        """Store a new key and return it as Home Assistant asks for it."""
        self.set_key(secrets.token_bytes(32))
        return self.key_text

    @property
    def door(self) -> Door | None:
        """The protocol by which Home Assistant used this satellite last; None if it never did."""
        return self._store.read().door or None

    def used(self, door: Door) -> None:
        """Note that Home Assistant uses this satellite by a protocol. Idempotent."""
        if self._store.read().door != door:
            self._store.change(lambda stored: msgspec.structs.replace(stored, door=door))


def _with_mac(stored: StoredIdentity) -> StoredIdentity:
    if stored.mac:  # another program was faster
        return stored
    made = secrets.token_bytes(6)
    made = bytes([made[0] & 0xFC | _LOCAL]) + made[1:]
    return msgspec.structs.replace(stored, mac=made.hex())


def key_of(text: str | bytes) -> bytes | None:
    """Return the key that a text in base64 holds; None for any other, and for zeros."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == len(ZERO_KEY) and key != ZERO_KEY else None
