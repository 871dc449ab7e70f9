"""URIs: valid forms, and errors that explain them."""

from __future__ import annotations

import pytest

from satellite.errors import ConfigError
from satellite.net.uri import Stdio, Tcp, Unix, parse


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp://10.0.0.5:10300", Tcp("10.0.0.5", 10300)),
        ("tcp://den.local:0", Tcp("den.local", 0)),
        ("tcp://[::1]:10300", Tcp("::1", 10300)),
        ("tcp://[fe80::1%eth0]:10300", Tcp("fe80::1%eth0", 10300)),
        ("unix:///run/a.sock", Unix("/run/a.sock")),
        ("unix://relative/a.sock", Unix("relative/a.sock")),
        ("stdio://", Stdio()),
    ],
)
def test_uris_are_parsed_and_formatted(text: str, address: object) -> None:
    assert parse(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tcp://",
        "tcp://host",
        "tcp://:1",
        "tcp://h:99999",
        "http://h:1",
        "tcp://[::1",
        "unix://",
    ],
)
def test_an_invalid_uri_is_refused_with_the_valid_forms(text: str) -> None:
    with pytest.raises(ConfigError, match="is not an address"):
        parse(text)


def test_a_password_in_a_uri_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match="no users and passwords") as raised:
        parse("tcp://ann:correct-horse@den.local:10300")
    assert "correct-horse" not in str(raised.value)
