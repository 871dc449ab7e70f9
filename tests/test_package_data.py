"""A package holds the files that the programs read: an editable installation would not show it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOT_READ = (".py", ".pyc", ".md")
"""Suffixes of modules, and of documents for those who read the source."""


@pytest.mark.parametrize("package", ["satellite", "servers"])
def test_each_data_file_is_in_the_package(package: str) -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    patterns = setuptools["package-data"][package]
    installed = {path for pattern in patterns for path in (ROOT / package).glob(pattern)}
    files = {path for path in (ROOT / package).rglob("*") if path.is_file()}
    missing = {path for path in files - installed if path.suffix not in NOT_READ}
    assert not missing
