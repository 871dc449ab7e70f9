"""Access to the HTTP API: tokens, web pages, and foreign names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.errors import ConfigError
from satellite.http import token as tokens
from satellite.http.auth import Guard
from satellite.http.token import Token
from satellite.settings import HttpSettings

SECRET = "0123456789abcdef0123"


def status(guard: Guard, **headers: str) -> int:
    named = {name.replace("_", "-").title(): text for name, text in headers.items()}
    refusal = guard.refuses({"Host": "127.0.0.1:10780", **named})
    return 200 if refusal is None else refusal.status


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost:10780", "[::1]:10780", "192.168.1.9:1", "DEN.lan:10780"],
)
def test_without_a_token_our_own_names_are_accepted(host: str) -> None:
    assert status(Guard(None, name="den.lan"), host=host) == 200


STRANGE = (
    "", "evil.example", "den.evil.example", "[", "127.0.0.1.evil", "den.local", "[den]", "den\n",
    "evil@localhost", "localhost@evil", "localhost#x", "localhost/x", "localhost?x", "den:x",
    "localhost.", " localhost", "127.0.0.1, evil", "[::1", "::1", "d\u0435n", "\uff44en",
)  # fmt: skip


@pytest.mark.parametrize("host", STRANGE)
def test_without_a_token_other_names_are_refused(host: str) -> None:
    assert status(Guard(None, name="den"), host=host) == 403


def test_a_name_of_multicast_dns_is_not_surely_ours() -> None:
    """Any machine of the LAN may answer for it, even if it is the host name of this one."""
    assert status(Guard(None, name="den.local"), host="den.local:10780") == 403
    assert status(Guard(Token(SECRET), name="den.local"), host="den.local:10780") == 401


def test_foreign_pages_are_refused_with_and_without_a_token() -> None:
    for guard, shown in ((Guard(None), ""), (Guard(Token(SECRET)), f"Bearer {SECRET}")):
        more = {"authorization": shown} if shown else {}
        assert status(guard, origin="http://evil.example", **more) == 403
        assert status(guard, origin="null", **more) == 403
        assert status(guard, origin="http://127.0.0.1:9", **more) == 403
        assert status(guard, origin="http://127.0.0.1:10780", **more) == 200
    for site in ("cross-site", "same-site"):  # an image or a script of a page; it has no Origin
        assert status(Guard(None), sec_fetch_site=site, sec_fetch_mode="no-cors") == 403
        linked = status(Guard(None), sec_fetch_site=site, sec_fetch_mode="navigate")
        assert linked == 200, "a link to the page"
    panel = Guard(None, ["https://Panel.example:8080/"])
    assert status(panel, origin="https://panel.example:8080") == 200


def test_every_request_needs_the_token() -> None:
    guard = Guard(Token(SECRET))
    assert status(guard) == 401
    assert status(guard, authorization=f"Basic {SECRET}") == 401
    assert status(guard, authorization=f"Bearer {SECRET}x") == 401
    assert status(guard, authorization=f"bearer {SECRET}", host="behind.a.proxy") == 200


@given(st.text(max_size=60))
def test_nothing_else_opens(shown: str) -> None:
    assert not Token(SECRET).opens(shown)
    assert not Token(SECRET).opens(f"Bearer {shown}")


def test_a_token_comes_from_a_file_or_the_environment_and_never_shows(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(SECRET + "\n")
    for token in (
        tokens.read(HttpSettings(token_file=str(file)), {}),
        tokens.read(HttpSettings(), {tokens.VARIABLE: SECRET}),
    ):
        assert token is not None
        assert token.opens(f"Bearer {SECRET}")
        assert SECRET not in repr(token) + str(token)
    assert tokens.read(HttpSettings(), {}) is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [("short", "under 16"), ("two words are no token", "alone"), ("\n", "under 16")],
)
def test_a_file_without_a_token_is_reported(content: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(content)
    with pytest.raises(ConfigError, match=problem) as error:
        tokens.read(HttpSettings(token_file=str(file)), {})
    assert content.strip() not in str(error.value) or not content.strip()
    with pytest.raises(ConfigError, match="cannot be read"):
        tokens.read(HttpSettings(token_file=str(tmp_path / "none")), {})


def test_other_machines_need_a_token() -> None:
    for host in ("0.0.0.0", "192.168.1.5", "::", "kitchen.lan"):
        with pytest.raises(ConfigError, match="needs a token"):
            tokens.check(HttpSettings(host=host), None)
        tokens.check(HttpSettings(host=host), Token(SECRET))
    for host in ("127.0.0.1", "localhost", "::1"):
        tokens.check(HttpSettings(host=host), None)
