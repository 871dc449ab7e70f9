"""The Home Assistant that the satellite calls: its address, the token, and its clock."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import time

from satellite.diagnostics.doctor.context import Context
from satellite.errors import EngineError, HomeDown, HomeRefused, HomeStarting
from satellite.homeassistant.client.access_token import VARIABLE
from satellite.homeassistant.client.api import Api
from satellite.lib.finding import Finding, broken, note, ok, warning
from satellite.lib.platform import remedies

PATIENCE = 5.0
"""Seconds to connect and to answer; a Home Assistant on a Pi takes some 0.05."""

APART = 5.0
"""Seconds between the clocks from which timers and logs do not agree."""


async def home(context: Context) -> AsyncGenerator[Finding, None]:
    """Report whether Home Assistant answers and accepts the token, and whether its clock agrees."""
    settings = context.settings.home
    url = settings.url.rstrip("/")
    if not url:
        yield note(
            "Home Assistant",
            "no address is set (home.url)",
            "Home Assistant can use this satellite; the satellite cannot call Home Assistant.",
        )
        return
    if _is_public(settings.token_file):
        means = "Anyone with the token controls the home."
        file = settings.token_file
        yield warning("token", f"other users can read {file}", means, f"chmod 600 {file}")
    yield await call(url, settings.token_file)
    date = await _date(url)
    apart = None if date is None else compare_clocks(date)
    if apart is not None:
        yield apart


async def call(url: str, token_file: str) -> Finding:
    """Call Home Assistant's API with the token; report the outcome."""
    about, means = "Home Assistant", "The satellite cannot control the home."
    api = Api(url, token_file)
    try:
        await api.get("/api/", PATIENCE)
    except HomeStarting as error:
        return warning(about, str(error), means, "wait a minute, then run this again")
    except HomeRefused as error:
        where = token_file or f"the environment variable {VARIABLE}"
        remedy = f"make a long-lived access token (your profile, Security), and put it into {where}"
        return broken(about, str(error), means, remedy)
    except HomeDown as error:
        remedy = f"open {url} in a browser; if that works elsewhere, correct home.url"
        return broken(about, str(error), means, remedy)
    except EngineError as error:
        remedy = "set home.url to the address of Home Assistant: http://homeassistant.local:8123"
        return broken(about, str(error), means, remedy)
    finally:
        await api.close()
    return ok(about, f"{url} answers and accepts the token")


def compare_clocks(date: str, now: float | None = None) -> Finding | None:
    """Compare our clock with the `Date` of an HTTP response; None if that is not a date."""
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
    apart = (time() if now is None else now) - theirs
    if abs(apart) <= APART:
        return ok("clocks", f"ours and Home Assistant's are at most {APART:g} s apart")
    return warning(
        "clocks",
        f"ours is {abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} Home Assistant's",
        "Spoken times differ, and logs do not agree.",
        f"on both machines: {remedies.set_clock()}",
    )


async def _date(url: str) -> str | None:
    """Return the date that Home Assistant sends with its answers; None without an answer."""
    import aiohttp

    limit = aiohttp.ClientTimeout(total=PATIENCE)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.get(f"{url}/api/", allow_redirects=False) as response,
        ):
            return response.headers.get("Date")
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return None  # reported by the call


def _is_public(token_file: str) -> bool:
    try:
        return bool(token_file) and bool(Path(token_file).expanduser().stat().st_mode & 0o077)
    except OSError:
        return False  # reported by the call
