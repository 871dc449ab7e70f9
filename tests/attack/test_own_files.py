"""Files of the user's own, whatever they hold: the short form of `python -m tests.soak.fuzz_files`.

Language packs and own sentences with absurd content must not end what is being said or recognized.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from satellite.errors import PluginBroken
from satellite.languages.pack import Packs
from satellite.languages.plurals import Plurals


@pytest.mark.timeout(180)
def test_contents_that_broke_programs_before_are_refused_or_used() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "tests.soak.fuzz_files", "--minutes", "0.02", "--seed", "1"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("parents", [("xx",), ("yy", "xx")])
def test_packs_that_inherit_each_other_are_reported(tmp_path: Path, parents: tuple[str]) -> None:
    codes = ("xx", *parents[:-1])
    for code, parent in zip(codes, parents, strict=True):
        (tmp_path / code).mkdir()
        about = f"name: x\nenglish: x\ninherits: {parent}\n"
        (tmp_path / code / "language.yaml").write_text(about)
    with pytest.raises(PluginBroken, match="inherits itself"):
        Packs({}, tmp_path).find("xx")


def test_a_plural_rule_does_not_divide_by_zero() -> None:
    with pytest.raises(ValueError, match="zero"):
        Plurals({"one": "n % 0 = 1"})


def test_a_broken_table_leaves_texts_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from servers.tts.normalization import language_table, normalizer

    for rule in ("(", "(a) \\2"):
        table = language_table.Table(rules=((rule, "\\2"),), first=(("x", "\\7"),))
        made = (table, Plurals())
        monkeypatch.setattr(normalizer, "table", lambda code, made=made: made)
        normalizer._normalizer.cache_clear()  # noqa: SLF001
        assert normalizer.normalize("x 1 2", "eo") == "x 1 2"
        assert normalizer.normalize("x 1 2", "eo") == "x 1 2"
    normalizer._normalizer.cache_clear()  # noqa: SLF001
    assert caplog.text.count("spoken.yaml cannot be used") == 2
