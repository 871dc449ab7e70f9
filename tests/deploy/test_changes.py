"""The changelog knows the version that this is."""

from __future__ import annotations

import re
from pathlib import Path

from satellite.config import migration
from satellite.requirements import own_version

CHANGES = Path(__file__).parents[2] / "deploy" / "CHANGES.md"


def test_its_newest_entry_is_this_version_with_its_configuration() -> None:
    versions = re.split(r"^## ", CHANGES.read_text(), flags=re.MULTILINE)[1:]
    newest = versions[0]
    assert newest.splitlines()[0] == own_version()
    assert f"Configuration version {migration.current()}." in newest
