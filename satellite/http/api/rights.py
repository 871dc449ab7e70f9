"""What takes more than being a program of this machine."""

from __future__ import annotations

from aiohttp import web

from satellite.http.auth import LOCAL
from satellite.http.route import caller


def require_log_in(purpose: str) -> None:
    """Raise `web.HTTPForbidden` for a program of this machine that shows no token.

    Other users of the machine can run such programs, and this one has rights that they lack.
    """
    if caller().how == LOCAL:
        raise web.HTTPForbidden(
            reason=f"{purpose} takes the token (SATELLITE_HTTP_TOKEN, or the setting "
            "http.token_file), or a browser that is logged in"
        )
