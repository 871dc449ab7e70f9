"""The browsers that have logged in, and the code by which the next one does.

They are stored in a file beside the keys of this machine, which all programs of its user share:
`satellite page` writes a code into it, and the satellite and the servers of this machine read it.
Of a code and of a browser's cookie the file holds a hash.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Annotated

import msgspec

from satellite.errors import SatelliteError
from satellite.lib.decoding import Undecodable, from_json
from satellite.lib.platform.clocks import BEGINNING, boot_session, seconds_since_boot
from satellite.net.pairing.errors import KeysUnusable
from satellite.net.pairing.key_store import KeyStore

_LOGGER = logging.getLogger(__name__)

_FILE = "browsers.json"

VALID = 300.0
"""Seconds for which a code is valid: time to find the phone, and to accept its warning."""

TRIES = 3
"""Wrong codes after which a code is void: an attacker has three guesses of a hundred million."""

IDLE = 30 * 86400.0
"""Seconds after which a browser that was not used is logged out."""

LONGEST = 365 * 86400.0
"""Seconds after which a browser is logged out even if it is used."""

RENEW = 86400.0
"""Seconds between two notes of the use of a browser: more would wear the disk."""

MOST = 64
"""Browsers; the one that was unused for the longest makes room for a further one."""


class CodeExpired(SatelliteError):
    """No browser has logged in with a code, and none can any more."""

    code = "log-in"


Clock = Annotated[float, msgspec.Meta(ge=0, le=1e11)]
"""Seconds by the clock (`time.time`), as far as a calendar goes."""


class LoginCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code that is shown."""

    salt: str
    digest: str
    made: Clock
    """When it was made."""
    boot: float = 0.0
    """When it was made, by the clock that cannot be set (`seconds_since_boot`)."""
    session: str = ""
    """The start of the machine since which that clock runs (`boot_session`)."""
    wrong: tuple[str, ...] = ()
    """The addresses that have sent a wrong one."""

    @property
    def left(self) -> int:
        """Tries that are left."""
        return max(0, TRIES - len(self.wrong))

    def valid(self, now: float) -> bool:
        """Return whether a browser can still log in with it, at a time of the wall clock."""
        age = now - self.made
        if self.session and self.session == boot_session():
            age = seconds_since_boot() - self.boot  # the wall clock may have been set since
        return 0 <= age <= VALID and self.left > 0


class Browser(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that has logged in."""

    id: str
    name: str
    """As `browser_name` has it."""
    address: str
    """From which it logged in."""
    digest: str
    """SHA-256 of its cookie, as hexadecimal digits."""
    since: Clock
    """When it logged in."""
    seen: Clock
    """When it was last used, give or take `RENEW`."""

    def valid(self, now: float) -> bool:
        """Return whether it is logged in still."""
        return _age(self.seen, now) <= IDLE and _age(self.since, now) <= LONGEST

    def dated(self, now: float) -> Browser:
        """Return it with times that a clock has given which was right."""
        since, seen = (now if _misdated(t, now) else t for t in (self.since, self.seen))
        return msgspec.structs.replace(self, since=since, seen=seen)


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    id: str = ""
    """Part of the cookie's name, as a browser sends the cookies of all ports of a machine."""
    code: LoginCode | None = None
    browsers: tuple[Browser, ...] = ()


class LoggedIn(msgspec.Struct, frozen=True):
    """A browser that has just logged in, with its cookie."""

    browser: Browser
    cookie: str


class Browsers:
    """The stored browsers. All methods but `find` and `expected` block, for a small file."""

    def __init__(self, folder: KeyStore) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._stamp: object = None
        self._stored = _Stored()
        self._void: set[str] = set()
        """Hashes of codes whose wrong tries could not be stored."""

    @property
    def cookie(self) -> str:
        """Name of the cookie, without its prefix; empty before the first code was shown."""
        return self._fresh().id and f"satellite-{self._fresh().id}"

    def expected(self) -> bool:
        """Return whether a browser may come: one is logged in, or a code is shown."""
        stored, now = self._fresh(), time.time()
        if stored.code is not None and stored.code.valid(now):
            return True
        return any(browser.valid(now) for browser in stored.browsers)

    def find(self, cookie: str) -> Browser | None:
        """Return the browser whose cookie this is, if it is logged in."""
        digest, now = _digest(cookie), time.time()
        for browser in self._fresh().browsers:
            if browser.digest == digest and browser.valid(now):
                return browser
        return None

    def all(self) -> tuple[Browser, ...]:
        """Return the browsers that are logged in. Raises `KeysUnusable`."""
        now = time.time()
        return tuple(browser for browser in self._read().browsers if browser.valid(now))

    def code(self) -> LoginCode | None:
        """Return the code that is shown, as far as it is known, valid or not. Raises
        `KeysUnusable`."""
        return self._read().code

    def show(self, code: str) -> LoginCode:
        """Let a browser log in with a code, in place of any other one. Raises `KeysUnusable`."""
        salt = secrets.token_hex(16)
        made = LoginCode(
            salt=salt,
            digest=_digest(salt + code),
            made=time.time(),
            boot=seconds_since_boot(),
            session=boot_session(),
        )
        self._change(lambda stored: msgspec.structs.replace(stored, code=made))
        return made

    def withdraw(self, code: LoginCode) -> None:
        """Make a code void. Raises `KeysUnusable`."""

        def without(stored: _Stored) -> _Stored:
            ours = stored.code is not None and stored.code.digest == code.digest
            return msgspec.structs.replace(stored, code=None) if ours else stored

        self._change(without)

    def log_in(self, code: str, name: str, address: str) -> LoggedIn | None:
        """Log a browser in; return None if the code is wrong, or none is shown.

        A wrong code counts before anything is answered. Raises `KeysUnusable`.
        """
        digits = "".join(c for c in code if c in "0123456789")
        now = time.time()
        with self._lock, self._folder.locked():
            stored = self._read()
            shown = stored.code
            if shown is None or not shown.valid(now) or shown.digest in self._void:
                return None
            sent = _digest(shown.salt + digits).encode()
            if not hmac.compare_digest(sent, shown.digest.encode()):
                self._void.add(shown.digest)  # until the try is stored
                wrong = msgspec.structs.replace(shown, wrong=(*shown.wrong, address))
                self._write(msgspec.structs.replace(stored, code=wrong))
                self._void.discard(shown.digest)
                return None
            cookie = secrets.token_urlsafe(32)
            browser = Browser(
                id=secrets.token_hex(4),
                name=name,
                address=address,
                digest=_digest(cookie),
                since=now,
                seen=now,
            )
            others = sorted(
                (other for other in stored.browsers if other.valid(now)),
                key=lambda other: other.seen,
            )
            self._void.add(shown.digest)  # it is for one browser, stored or not
            self._write(
                msgspec.structs.replace(
                    stored, code=None, browsers=(*others[-(MOST - 1) :], browser)
                )
            )
        return LoggedIn(browser, cookie)

    def renew(self, browser: Browser) -> None:
        """Note that a browser is used. Raises `KeysUnusable`."""

        def seen(stored: _Stored) -> _Stored:
            browsers = tuple(
                msgspec.structs.replace(b, seen=time.time()) if b.id == browser.id else b
                for b in stored.browsers
            )
            return msgspec.structs.replace(stored, browsers=browsers)

        self._change(seen)

    def correct_times(self) -> None:
        """Date browsers that logged in while the clock was not set, or far ahead, as of now. Raises
        `KeysUnusable`."""
        now = time.time()
        if now < BEGINNING:
            return

        def dated(stored: _Stored) -> _Stored:
            browsers = tuple(browser.dated(now) for browser in stored.browsers)
            return msgspec.structs.replace(stored, browsers=browsers)

        if dated(fresh := self._fresh()) != fresh:
            self._change(dated)

    def revoke(self, name: str | None) -> tuple[Browser, ...]:
        """Log a browser out by its `id`, or all for None; return those that were logged in.

        Raises `KeysUnusable`.
        """
        gone: list[Browser] = []

        def without(stored: _Stored) -> _Stored:
            gone[:] = [browser for browser in stored.browsers if name in (None, browser.id)]
            left = tuple(browser for browser in stored.browsers if browser not in gone)
            return msgspec.structs.replace(stored, browsers=left)

        if self._folder.stamp(_FILE) is not None:
            self._change(without)
        return tuple(gone)

    def _fresh(self) -> _Stored:
        """Return what is stored; nothing where it cannot be used."""
        stamp = self._folder.stamp(_FILE)
        if stamp != self._stamp:
            try:
                self._stored = self._read()
            except KeysUnusable as error:
                _LOGGER.error("HTTP: no browser is logged in: %s", error)
                self._stored = _Stored()
            self._stamp = stamp
        return self._stored

    def _read(self) -> _Stored:
        content = self._folder.read(_FILE)
        try:
            return from_json(content, _Stored) if content else _Stored()
        except Undecodable as error:
            path = self._folder.path / _FILE
            raise KeysUnusable(
                f"{path} is damaged ({error}): remove it and log in again"
            ) from error

    def _change(self, change: Callable[[_Stored], _Stored]) -> None:
        with self._lock, self._folder.locked():
            stored = self._read()
            changed = change(stored)
            if changed != stored:
                self._write(changed)

    def _write(self, stored: _Stored) -> None:
        named = msgspec.structs.replace(stored, id=stored.id or secrets.token_hex(4))
        self._folder.write(_FILE, msgspec.json.format(msgspec.json.encode(named)))


def browser_name(agent: str) -> str:
    """Return a browser's name for people, from its header `User-Agent` (RFC 9110, 10.1.5)."""
    # every browser names those that it imitates, so that the order matters
    programs = {
        "Edg": "Edge",
        "OPR": "Opera",
        "SamsungBrowser": "Samsung Internet",
        "Firefox": "Firefox",
        "FxiOS": "Firefox",
        "CriOS": "Chrome",
        "Chrome": "Chrome",
        "Safari": "Safari",
    }
    systems = {
        "Android": "Android",
        "iPhone": "iPhone",
        "iPad": "iPad",
        "CrOS": "ChromeOS",
        "Windows": "Windows",
        "Macintosh": "macOS",
        "Linux": "Linux",
    }
    program = next((name for mark, name in programs.items() if f"{mark}/" in agent), "")
    system = next((name for mark, name in systems.items() if mark in agent), "")
    if program:
        return f"{program} on {system}" if system else program
    known = "".join(c for c in agent if c.isascii() and c.isprintable())
    return known[:40].strip() or "unnamed"


def _age(moment: float, now: float) -> float:
    """Return the seconds since a moment of the clock; none while it cannot be known."""
    return 0.0 if _misdated(moment, now) else now - moment


def _misdated(moment: float, now: float) -> bool:
    """Return whether the clock was wrong at a moment: it was never set, or it was far ahead."""
    return moment < BEGINNING or moment > now + RENEW


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
