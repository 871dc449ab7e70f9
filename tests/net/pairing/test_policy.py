"""Trust in adverts: a paired machine is used by TLS or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.net.pairing import Pairing, policy
from satellite.net.pairing.errors import KeyChanged, NotPaired
from tests.net.pairing.machines import Machine, paired

HOSTS = ("10.0.0.5", "fd00::5")
PLAIN = ("tcp://10.0.0.5:10300", "tcp://[fd00::5]:10300")


def places(pairing: Pairing, key: str, instance: str = "den asr", port: str = "10800") -> object:
    facts = {"role": "asr", **({"tls": port, "key": key} if key else {})}
    return policy.reachable_uris(pairing, instance, facts, HOSTS, PLAIN)


async def test_a_paired_server_is_used_by_tls(tmp_path: Path) -> None:
    den, kitchen = paired(tmp_path)
    assert places(kitchen.pairing(), den.key.fingerprint) == (
        "tls://10.0.0.5:10800/asr",
        "tls://[fd00::5]:10800/asr",
    )


async def test_unpaired_servers_are_used_unless_pairing_is_required(tmp_path: Path) -> None:
    _, kitchen = paired(tmp_path)
    attic = Machine(tmp_path, "attic")
    assert places(kitchen.pairing(), "", "attic asr") == PLAIN
    assert places(kitchen.pairing(), attic.key.fingerprint, "attic asr") == PLAIN
    with pytest.raises(NotPaired, match="--require-pairing"):
        places(kitchen.pairing(required=True), attic.key.fingerprint, "attic asr")


async def test_another_key_under_a_paired_name_is_refused(tmp_path: Path) -> None:
    _, kitchen = paired(tmp_path)
    with pytest.raises(KeyChanged, match="may be an impostor"):
        places(kitchen.pairing(), "ab" * 32)


async def test_a_paired_server_is_not_used_without_tls(tmp_path: Path) -> None:
    """Otherwise a machine that announces its name without a key would receive everything in
    plain."""
    _, kitchen = paired(tmp_path)
    with pytest.raises(NotPaired, match="announces no TLS"):
        places(kitchen.pairing(), "")


@pytest.mark.parametrize("port", ["", "0", "70000", "x", "-1"])
async def test_an_invalid_tls_port_does_not_circumvent_tls(tmp_path: Path, port: str) -> None:
    den, kitchen = paired(tmp_path)
    with pytest.raises(NotPaired):
        places(kitchen.pairing(), den.key.fingerprint, port=port)


async def test_the_satellite_port_of_a_paired_machine_needs_no_tls(tmp_path: Path) -> None:
    _, kitchen = paired(tmp_path)
    assert (
        policy.reachable_uris(kitchen.pairing(), "den", {"role": "satellite"}, HOSTS, PLAIN)
        == PLAIN
    )


async def test_no_server_is_trusted_without_readable_keys(tmp_path: Path) -> None:
    den, kitchen = paired(tmp_path)
    (kitchen.folder.path / "paired.json").chmod(0o644)
    with pytest.raises(NotPaired, match="chmod 600"):
        places(kitchen.pairing(), den.key.fingerprint)
