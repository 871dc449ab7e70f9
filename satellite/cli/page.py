"""`satellite page`: lets browsers of the LAN log in, lists them, and logs them out."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

import click
import msgspec

from satellite.cli import command, flags
from satellite.cli.screen import count, echo, print_json, print_table, print_text
from satellite.errors import PeerUnreachable, UsageError
from satellite.http.browsers import VALID, Browser, Browsers, CodeExpired, LoginCode
from satellite.http.certificate import HttpsCertificate, Served, colons
from satellite.http.door import Door, satellite_door, server_door
from satellite.net.discovery.addresses import announced_addresses
from satellite.net.pairing import Pairing
from satellite.net.pairing.offer import new_code
from satellite.settings import Settings

OPENED = 8.0
"""Seconds for a program to see the code and open its port: it looks each second, and a Raspberry Pi
Zero takes some for a certificate."""

CONNECT = 3.0
"""Seconds for a handshake with a port of this machine."""

LOOK = 0.5
"""Seconds between two looks for a browser that has logged in."""

ALL = "all"
"""The name that means every browser."""

_QUIET = 2
"""Empty modules around the QR code: four by its standard (ISO 18004), and readers take two."""


@command.command()
@command.option(
    "--list",
    "listed",
    is_flag=True,
    help="List the browsers that have logged in",
)
@command.option(
    "--revoke",
    metavar="ID",
    help="Log a browser out, by the ID of --list; or all",
)
@flags.common
@flags.as_json
@click.pass_context
def page(context: click.Context, listed: bool, revoke: str | None) -> None:
    """Show the address of the page and let a browser log in.

    Prints the addresses at which phones and computers of the LAN reach the satellite or the server
    of this machine, as a QR code, too, and a code for one log-in within five minutes. Open the
    address, compare the fingerprint of the certificate, and type the code.
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    browsers = Browsers(Pairing(settings.pairing).keys)
    if listed and revoke is not None:
        raise click.UsageError("--list and --revoke exclude each other")
    if invocation.json and not listed:
        raise click.UsageError("--json is for --list")
    if listed:
        _list(browsers, invocation.json)
    elif revoke is not None:
        gone = browsers.revoke(None if revoke == ALL else revoke)
        if not gone and revoke != ALL:
            known = ", ".join(browser.id for browser in browsers.all())
            raise UsageError(f"no browser {revoke} is logged in (logged in: {known or 'none'})")
        print_text(f"{count(len(gone), 'browser')} logged out.")
    else:
        invocation.run(lambda _bus: _let_in(settings, browsers), recorded=False)


def _list(browsers: Browsers, json: bool) -> None:
    known = browsers.all()
    if json:
        shown = ("id", "name", "address", "since", "seen")
        rows = [msgspec.to_builtins(browser) for browser in known]
        print_json([{name: row[name] for name in shown} for row in rows])
    elif known:
        header = ("ID", "BROWSER", "ADDRESS THEN", "SINCE", "LAST SEEN")
        print_table([_row(browser) for browser in known], header=header)
    else:
        print_text("No browser is logged in.", err=True)


def _row(browser: Browser) -> tuple[str, ...]:
    times = [datetime.fromtimestamp(t).strftime("%Y-%m-%d") for t in (browser.since, browser.seen)]
    return browser.id, browser.name, browser.address, *times


async def _let_in(settings: Settings, browsers: Browsers) -> None:
    """Show a code until a browser has logged in with it."""
    doors = [door for door in (satellite_door(settings), server_door(settings)) if door.https_port]
    if not doors:
        raise UsageError("http.https_port and server.https_port are 0: no browser can log in")
    certificate = HttpsCertificate(Pairing(settings.pairing).keys, settings.name, settings.http)
    served = await asyncio.to_thread(certificate.ensure)
    known = {browser.id for browser in await asyncio.to_thread(browsers.all)}
    code = new_code()
    shown = await asyncio.to_thread(browsers.show, code)
    try:
        opened = await wait_open(doors, served)
        _show(opened, served, settings, code)
        browser = await wait_log_in(browsers, shown, known)
    finally:
        browsers.withdraw(shown)
    print_text(f"{browser.name} at {browser.address} has logged in.")
    print_text(f"To log it out: satellite page --revoke {browser.id}")


async def wait_open(doors: Sequence[Door], served: Served) -> list[Door]:
    """Return the doors that are open, once one is. Raises `PeerUnreachable` if none opens."""
    end = asyncio.get_running_loop().time() + OPENED
    while True:
        answers = await asyncio.gather(*(_presented(door.https_port) for door in doors))
        opened = [d for d, seen in zip(doors, answers, strict=True) if seen == served.fingerprint]
        if opened:
            return opened
        if asyncio.get_running_loop().time() > end:
            raise PeerUnreachable(_why(doors, answers))
        await asyncio.sleep(LOOK)


def _why(doors: Sequence[Door], answers: Sequence[str]) -> str:
    others = [d for d, seen in zip(doors, answers, strict=True) if seen]
    if others:
        keys = ", ".join(f"{door.https_port} ({door.https_key})" for door in others)
        return f"another program has port {keys}: stop it, or choose another port"
    return (
        "no satellite and no server of this user runs here: start `satellite` or "
        "`satellite --server` first; for a service of the system, use sudo satellite page"
    )


async def _presented(port: int) -> str:
    """Return the fingerprint of the certificate at a port of this machine; empty if none is open.

    A port that speaks no TLS has no fingerprint, but is not empty.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the caller compares it
    try:
        async with asyncio.timeout(CONNECT):
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    except (ConnectionRefusedError, TimeoutError):
        return ""
    except OSError:  # ssl.SSLError is one
        return "no TLS"
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return sha256(certificate or b"").hexdigest()


async def wait_log_in(browsers: Browsers, shown: LoginCode, known: set[str]) -> Browser:
    """Return the browser that logs in with a code, and report wrong codes.

    Raises `CodeExpired`.
    """
    end = asyncio.get_running_loop().time() + VALID
    reported = 0
    while asyncio.get_running_loop().time() < end:
        await asyncio.sleep(LOOK)
        current = await asyncio.to_thread(browsers.code)
        new = [b for b in await asyncio.to_thread(browsers.all) if b.id not in known]
        if new:
            return new[-1]
        if current is None or current.digest != shown.digest:
            raise CodeExpired("another `satellite page` shows a code now: use that one")
        for address in current.wrong[reported:]:
            reported += 1
            print_text(f"A wrong code was sent from {address}.", err=True)
        if not current.left:
            raise CodeExpired("too many wrong codes were sent; the code is void: run it again")
    raise CodeExpired(
        f"no browser has logged in within {VALID / 60:g} minutes; the code is void: run it again"
    )


def _show(doors: Sequence[Door], served: Served, settings: Settings, code: str) -> None:
    hosts = _hosts(served)
    echo("Open in a browser on the same network:")
    for door in doors:
        for host in hosts:
            echo(f"  https://{host}:{door.https_port}  ({door.of})")
    for origin in settings.http.origins:
        if origin.startswith("https://"):
            echo(f"  {origin}  (http.origins)")
    if drawn := qr_code(f"https://{hosts[0]}:{doors[0].https_port}/#code={code}"):
        echo(f"\n{drawn}\n")
    echo(f"The code is {code[:4]} {code[4:]}, for one browser within {VALID / 60:g} minutes.")
    if not served.own:
        echo("The browser will warn about the certificate. Go on if its SHA-256 fingerprint is")
        digits = colons(served.fingerprint)
        echo(f"  {digits[:48]}\n  {digits[48:]}")


def _hosts(served: Served) -> list[str]:
    """Return the names and addresses to open, the best first."""
    local = [name for name in served.names if name != "localhost" and not name.startswith("*")]
    if served.own and local:
        return local
    addresses = announced_addresses("0.0.0.0")
    names = [name for name in local if name.endswith(".local")]
    return [*addresses, *names] or ["127.0.0.1"]


def qr_code(text: str) -> str:
    """Return a QR code of half blocks, for terminals with a dark background and most others.

    It is empty where standard output is no terminal, or cannot print them.
    """
    try:
        "█▀▄".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ""
    if not sys.stdout.isatty():
        return ""
    import segno  # only for this

    drawn = segno.make(text, error="l", micro=False)
    light = [[not dark for dark in row] for row in drawn.matrix_iter(border=_QUIET)]
    if len(light) % 2:
        light.append([False] * len(light[0]))
    blocks = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
    return "\n".join(
        "".join(blocks[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(light[::2], light[1::2], strict=True)
    )
