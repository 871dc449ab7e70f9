"""What is an address of a Home Assistant, and what is none."""

from __future__ import annotations

import pytest

from satellite.config import checks
from satellite.errors import ConfigError
from satellite.homeassistant.client import address


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("http://homeassistant.local:8123", "http://homeassistant.local:8123"),
        (" https://ha.example.org/ ", "https://ha.example.org"),
        ("http://[fd00::7]:8123", "http://[fd00::7]:8123"),
        ("https://proxy/house/", "https://proxy/house"),
    ],
)
def test_addresses(written: str, meant: str) -> None:
    assert address.parse(written) == meant


@pytest.mark.parametrize(
    "written",
    ["", "homeassistant.local:8123", "tcp://ha:8123", "http://", "http://ha:port", "http://[x",
     "http://ha/?a=b", "http://ha/#x"],
)  # fmt: skip
def test_what_is_none_is_shown(written: str) -> None:
    with pytest.raises(ConfigError, match="addres"):
        address.parse(written)
    assert list(checks.home(written))


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as raised:
        address.parse("http://me:hush@ha:8123")
    assert "hush" not in str(raised.value)
    assert "home.token_file" in str(raised.value)
