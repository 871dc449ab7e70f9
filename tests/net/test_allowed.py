"""The networks that may connect."""

from __future__ import annotations

import pytest

from satellite.errors import ConfigError
from satellite.net.allowed import DEFAULT_ALLOW, AllowedNetworks, problems


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "::1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.178.20",
        "169.254.9.9", "fe80::1%eth0", "fd12:3456::1", "::ffff:192.168.1.5",
    ],
)  # fmt: skip
def test_the_networks_of_a_home_are_allowed_by_default(host: str) -> None:
    assert host in AllowedNetworks(DEFAULT_ALLOW)


@pytest.mark.parametrize(
    "host",
    [
        "8.8.8.8", "172.32.0.1", "100.64.0.1", "192.169.0.1", "2001:db8::1", "::ffff:8.8.8.8",
        "0.0.0.0", "::", "", "name", "127.0.0.1.evil.example",
    ],
)  # fmt: skip
def test_other_addresses_are_not_allowed_by_default(host: str) -> None:
    assert host not in AllowedNetworks(DEFAULT_ALLOW)


def test_addresses_networks_and_words_can_be_allowed() -> None:
    allowed = AllowedNetworks(["192.0.2.7", "100.64.0.0/10", "2001:db8::/32", "loopback"])
    for host in ("192.0.2.7", "100.100.1.1", "2001:db8::9", "127.0.0.1"):
        assert host in allowed
    for host in ("192.0.2.8", "10.0.0.1", "2001:db9::1"):
        assert host not in allowed
    assert "8.8.8.8" in AllowedNetworks(["any"])
    assert "2001:db8::1" in AllowedNetworks(["any"])
    assert "127.0.0.1" not in AllowedNetworks([])


def test_every_mistake_is_reported() -> None:
    found = problems(["home", "10.0.0.0/33", "10.0.0.1/8", "private"])
    assert len(found) == 3
    assert all(text.startswith("allow: ") for text in found)
    with pytest.raises(ConfigError):
        AllowedNetworks(["x"])
