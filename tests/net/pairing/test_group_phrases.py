"""Phrases of the satellites' group: pairing shares them, bounded and with no stranger."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.net.pairing import join
from satellite.net.pairing.errors import KeysUnusable, PairingFailed
from satellite.net.pairing.group_phrases import MOST, GroupPhrases
from tests.net.pairing.machines import Machine
from tests.net.pairing.test_pairing import CODE, HERE, offered


async def pair(showing: Machine, joining: Machine) -> None:
    async with offered(showing, []) as (offer, port):
        await join.join(joining.folder, HERE, port, CODE, joining.name)
        await offer.paired(5)


def phrases(machine: Machine) -> set[str]:
    return set(GroupPhrases(machine.folder).all())


@pytest.mark.parametrize("server_shows", [True, False])
async def test_satellites_paired_with_one_server_share_a_phrase(
    tmp_path: Path, server_shows: bool
) -> None:
    den, kitchen, study = (Machine(tmp_path, name) for name in ("den", "kitchen", "study"))
    for satellite in (kitchen, study):
        await (pair(den, satellite) if server_shows else pair(satellite, den))
    assert phrases(kitchen) & phrases(study)
    assert all(len(phrase) == 32 for phrase in phrases(den))
    assert (den.folder.path / "group.json").stat().st_mode & 0o777 == 0o600


async def test_a_failed_pairing_shares_nothing(tmp_path: Path) -> None:
    den, kitchen = Machine(tmp_path, "den"), Machine(tmp_path, "kitchen")
    async with offered(den, []) as (_, port):
        with pytest.raises(PairingFailed):
            await join.join(kitchen.folder, HERE, port, "00000000", "kitchen")
    assert phrases(den)
    assert not phrases(kitchen)


def test_phrases_of_others_are_bounded_and_checked(tmp_path: Path) -> None:
    known = GroupPhrases(Machine(tmp_path, "den").folder)
    (own,) = known.ensure()
    odd = ["", "home", "x" * 32, "a" * 31, "A" * 32, "b" * 33, "\u0661" * 32]
    assert known.add(odd) == (own,)
    assert known.add(f"{number:032x}" for number in range(100))[0] == own
    assert len(known.all()) == MOST
    assert known.ensure() == known.all()


def test_damaged_phrases_are_reported(tmp_path: Path) -> None:
    den = Machine(tmp_path, "den")
    den.folder.write("group.json", b"[1")
    with pytest.raises(KeysUnusable, match="remove it and pair again"):
        GroupPhrases(den.folder).all()
