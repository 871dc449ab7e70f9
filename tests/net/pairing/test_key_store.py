"""Keys that other users can read are not used."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from satellite.net.pairing.errors import KeysUnusable
from satellite.net.pairing.identity import ensure_identity, read_identity
from satellite.net.pairing.key_store import KeyStore
from satellite.net.pairing.known_peers import KnownPeers
from tests.net.pairing.machines import Machine, paired


def test_files_and_folder_are_private_for_any_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        den, _ = paired(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(den.folder.path.stat().st_mode) == 0o700
    files = list(den.folder.path.iterdir())
    assert {file.name for file in files} == {"key.pem", "paired.json", ".keys.lock"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


@pytest.mark.parametrize(
    ("what", "mode"), [("key.pem", 0o640), ("key.pem", 0o602), ("", 0o750), ("paired.json", 0o604)]
)
def test_readable_keys_are_refused_with_a_remedy(tmp_path: Path, what: str, mode: int) -> None:
    den, _ = paired(tmp_path)
    path = den.folder.path / what
    path.chmod(mode)
    with pytest.raises(KeysUnusable, match=f"{mode:o}.*chmod {'600' if what else '700'}"):
        (read_identity if what == "key.pem" else _known)(den.folder)
    path.chmod(0o600 if what else 0o700)
    assert den.peers.all()
    assert read_identity(den.folder)


def _known(folder: KeyStore) -> object:
    return KnownPeers(folder).all()


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    den = Machine(tmp_path, "den")
    real = den.key.file.rename(tmp_path / "elsewhere")
    (den.folder.path / "key.pem").symlink_to(real)
    with pytest.raises(KeysUnusable, match=r"key\.pem"):
        read_identity(den.folder)


def test_a_key_is_created_once_and_never_replaced(tmp_path: Path) -> None:
    folder = KeyStore(tmp_path / "keys")
    assert read_identity(folder) is None
    assert not folder.path.exists(), "reading creates nothing"
    first = ensure_identity(folder, "den")
    assert ensure_identity(folder, "den").fingerprint == first.fingerprint
    first.file.write_bytes(b"half")
    with pytest.raises(KeysUnusable, match="contains no key"):
        ensure_identity(folder, "den")
    assert first.file.read_bytes() == b"half"


def test_a_damaged_list_is_reported_and_not_replaced(tmp_path: Path) -> None:
    den, kitchen = paired(tmp_path)
    (den.folder.path / "paired.json").write_bytes(b"[{")
    with pytest.raises(KeysUnusable, match="damaged"):
        den.knows(kitchen)


def test_machines_are_distinguished_by_key_not_by_name(tmp_path: Path) -> None:
    den, kitchen = paired(tmp_path)
    other = Machine(tmp_path / "another", "kitchen")
    den.knows(other, kitchen)
    assert {peer.name for peer in den.peers.all()} == {"kitchen", "kitchen 2"}
    assert len({peer.fingerprint for peer in den.peers.all()}) == 2
    den.peers.forget("kitchen")
    den.peers.forget("kitchen 2")
    assert den.peers.all() == ()
    assert not den.peers.forget("kitchen")
