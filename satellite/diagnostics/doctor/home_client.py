"""The Home Assistant that is asked: reached, the token accepted, and of the same time."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import time
from urllib.parse import urlsplit

import msgspec

from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding, broken, note, ok, warning
from satellite.homeassistant.client.access_token import VARIABLE
from satellite.lib.daemon_thread import run_in_daemon_thread

PATIENCE = 5.0
"""Seconds to connect and to answer; a Home Assistant on a Pi takes some 0.05."""

APART = 5.0
"""Seconds between the clocks from which timers and logs do not fit together."""

_HOW = "make a long-lived access token there (your profile, Security), and put it into a file"


class Reply(msgspec.Struct, frozen=True):
    """What came back over HTTP."""

    status: int = 0
    body: bytes = b""
    date: str = ""
    problem: str = ""


async def home(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Ask for /api/ with the token."""
    settings = case.settings.home
    url, file = settings.url.rstrip("/"), settings.token_file
    if not url:
        yield note(
            "Home Assistant",
            "no address is set (home.url)",
            "Home Assistant may use this satellite all the same; only asking it needs one.",
            "",
        )
        return
    token, problem = await run_in_daemon_thread(lambda: read_token(file))
    if problem is not None:
        yield problem
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    reply = await fetch(f"{url}/api/", headers)
    for finding in judge(url, file, reply, given=bool(token)):
        yield finding
    together = clocks(reply.date) if reply.date else None
    if together is not None:
        yield together


def read_token(file: str) -> tuple[str, Finding | None]:
    """The token of a file, or of the environment, and what is wrong with where it lies."""
    if not file:
        token = os.environ.get(VARIABLE, "").strip()
        if token:
            return token, None
        means = "Home Assistant answers nobody without one."
        how = f"{_HOW} that home.token_file names, or into {VARIABLE}"
        return "", broken("token", "there is none", means, how)
    path = Path(file).expanduser()
    try:
        token = path.read_text().strip()
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        means = "Home Assistant answers nobody without a token."
        return "", broken("token", f"{path} cannot be read: {reason}", means, f"{_HOW}: {path}")
    if not token or any(letter.isspace() for letter in token) or not token.isascii():
        means = "Home Assistant will not accept it."
        return "", broken("token", f"{path} does not hold a token alone", means, _HOW)
    if mode & 0o077:
        means = "Whoever has it controls the home."
        return token, warning("token", f"others can read {path}", means, f"chmod 600 {path}")
    return token, None


async def fetch(url: str, headers: dict[str, str]) -> Reply:
    """Get a page, without following it elsewhere: the token goes nowhere else."""
    import aiohttp

    limit = aiohttp.ClientTimeout(total=PATIENCE)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.get(url, headers=headers, allow_redirects=False) as response,
        ):
            body = await response.content.read(1 << 16)
            return Reply(response.status, body, response.headers.get("Date", ""))
    except aiohttp.ClientConnectorCertificateError as error:
        return Reply(problem=f"its certificate is not trusted here: {error.certificate_error}")
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return Reply(problem=str(error) or f"no answer within {PATIENCE:g} s")


def judge(url: str, file: str, reply: Reply, *, given: bool) -> list[Finding]:
    """What the answer means."""
    about = "Home Assistant"
    means = "Requests to the home fail."
    where = file or VARIABLE
    if reply.problem:
        host = urlsplit(url).hostname
        how = f"is it running, and home.url right? In a browser: {url}; ping {host}"
        return [broken(about, f"{url} is not reached: {reply.problem}", means, how)]
    if reply.status == 401:
        if not given:
            return [ok(about, f"{url} answers")]  # the missing token is told already
        how = f"{_HOW}: {where}"
        return [broken(about, f"{url} does not accept the token of {where}", means, how)]
    if reply.status == 403:
        how = "remove this machine from ip_bans.yaml in its configuration folder, restart it"
        return [broken(about, f"{url} has banned this machine (HTTP 403)", means, how)]
    if reply.status == 200 and b"message" in reply.body:
        return [ok(about, f"{url} answers and accepts the token")]
    if 300 <= reply.status < 400:
        how = "set home.url to the address to which it leads (perhaps https)"
        return [broken(about, f"{url} sends on elsewhere (HTTP {reply.status})", means, how)]
    if reply.status in (502, 503, 504):
        how = "it is starting: wait a minute"
        return [warning(about, f"{url} is not ready (HTTP {reply.status})", means, how)]
    found = f"{url} is no Home Assistant (HTTP {reply.status} at /api/)"
    return [broken(about, found, means, "set home.url as http://homeassistant.local:8123")]


def clocks(date: str, now: float | None = None) -> Finding | None:
    """Whether its clock and ours are together; None where it tells no time."""
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
    apart = (time() if now is None else now) - theirs
    if abs(apart) <= APART:
        return ok("clocks", f"Home Assistant's and ours are at most {APART:g} s apart")
    which = "ahead of" if apart > 0 else "behind"
    return warning(
        "clocks",
        f"ours is {abs(apart):.0f} s {which} Home Assistant's",
        "Spoken times differ, and logs do not fit together.",
        "timedatectl set-ntp true on both",
    )
