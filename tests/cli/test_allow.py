"""The flags for access: --allow and --require-pairing."""

from __future__ import annotations

import json

from tests.cli.program import satellite


def allowed(*arguments: str) -> object:
    done = satellite(*arguments, "config", "--json")
    assert done.code == 0, done.errors
    (row,) = [row for row in json.loads(done.output) if row["key"] == "allow"]
    return row["value"]


def test_the_flag_may_be_repeated_and_takes_the_place_of_the_default() -> None:
    assert allowed() == ["loopback", "private"]
    assert allowed("--allow", "192.0.2.7", "--allow", "loopback") == ["192.0.2.7", "loopback"]
    assert allowed("--allow", "any") == ["any"]


def test_a_wrong_network_is_reported_with_its_origin() -> None:
    done = satellite("--allow", "10.0.0.0/99", "--allow", "home", "config")
    assert done.code == 2
    assert len(done.complaints) == 2
    assert all(line.startswith("flag --allow: allow: ") for line in done.complaints)


def test_pairing_can_be_required_by_a_flag() -> None:
    done = satellite("--require-pairing", "config", "--json")
    (row,) = [row for row in json.loads(done.output) if row["key"] == "pairing.required"]
    assert row["value"] is True
