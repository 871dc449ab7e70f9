"""The phrases of the satellites' group, which paired machines share.

Satellites agree with each other under the name of their group, which is the key of their messages
(`satellite.arbitration.protocol`). Its default is known to everyone. A machine that shows a pairing
code therefore makes a random phrase, and pairing shares it: each side learns the phrases of the
other, so that satellites that are paired with the same server have one in common, whichever machine
showed the code.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

import msgspec

from satellite.net.pairing.errors import KeysUnusable
from satellite.net.pairing.key_store import KeyStore

_FILE = "group.json"
MOST = 4
"""Phrases of one machine: every message is sent once for each."""
_PHRASE = re.compile(r"[0-9a-f]{32}")
_DECODER = msgspec.json.Decoder(tuple[str, ...])


class GroupPhrases:
    """The phrases that this machine knows, in a file beside its key."""

    def __init__(self, folder: KeyStore) -> None:
        self._folder = folder

    @property
    def stamp(self) -> object:
        """A value that changes whenever a phrase is added."""
        return self._folder.stamp(_FILE)

    def all(self) -> tuple[str, ...]:
        """Return the phrases, the oldest first. Raises `KeysUnusable`."""
        content = self._folder.read(_FILE)
        try:
            return _valid(_DECODER.decode(content)) if content else ()
        except msgspec.DecodeError as error:
            path = self._folder.path / _FILE
            raise KeysUnusable(f"{path} is damaged ({error}): remove it and pair again") from error

    def ensure(self) -> tuple[str, ...]:
        """Return the phrases, making one if there is none. Raises `KeysUnusable`."""
        return self.all() or self.add([secrets.token_hex(16)])

    def add(self, phrases: Iterable[str]) -> tuple[str, ...]:
        """Add phrases of a paired machine, `MOST` in all; return all. Raises `KeysUnusable`."""
        with self._folder.locked():
            known = self.all()
            every = _valid((*known, *phrases))
            if every != known:
                self._folder.write(_FILE, msgspec.json.encode(every))
        return every


def _valid(phrases: Iterable[str]) -> tuple[str, ...]:
    unique = dict.fromkeys(phrase for phrase in phrases if _PHRASE.fullmatch(phrase))
    return tuple(unique)[:MOST]
