"""The documents: their links lead somewhere, and what they show is accepted by the program."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from satellite.cli import reference
from satellite.cli.main import cli
from satellite.config import load as config

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
) or sorted(ROOT.glob("*.md"))

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)


def anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    text = FENCE.sub("", document.read_text())
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def blocks(document: Path, language: str) -> Iterator[str]:
    """Yield a document's code blocks of one language."""
    return (code for kind, code in FENCE.findall(document.read_text()) if kind == language)


def shown_commands(document: Path) -> Iterator[list[str]]:
    """Yield the words of every command that a document shows, comments and paths removed."""
    for block in blocks(document, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            for command in re.split(r"&&|;", re.sub(r"(^|\s)#\s.*$", "", line)):
                words = shlex.split(command)
                while words and (words[0] == "sudo" or re.fullmatch(r"[A-Z_]+=.*", words[0])):
                    words.pop(0)
                if words:
                    yield words


@each_document
def test_relative_links_lead_somewhere(document: Path) -> None:
    prose = FENCE.sub("", document.read_text())
    for link in LINK.findall(prose):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"{link} leads nowhere"
        if anchor:
            assert anchor in anchors(target), f"{link}: {target.name} has no such heading"


@each_document
def test_shown_satellite_commands_are_accepted(
    document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parse them by the real command line, without running them."""
    monkeypatch.setattr(click.Command, "invoke", lambda self, context: None)
    for name, *words in shown_commands(document):
        if Path(name).name == "satellite":
            done = CliRunner().invoke(cli, words)
            assert done.exit_code == 0, f"satellite {shlex.join(words)}: {done.output}"


@each_document
def test_shown_modules_exist(document: Path) -> None:
    for module in re.findall(r"python -m (tests[\w.]+|satellite[\w.]+)", document.read_text()):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


@each_document
def test_shown_installer_options_exist(document: Path) -> None:
    usage = subprocess.run(
        ["bash", ROOT / "deploy/install.sh", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for name, *words in shown_commands(document):
        if name == "deploy/install.sh":
            for option in (word for word in words if word.startswith("--")):
                assert option in usage, f"{option} is no option of the installer"


@each_document
def test_shown_configurations_are_accepted(document: Path, tmp_path: Path) -> None:
    for number, block in enumerate(blocks(document, "toml")):
        if document.name == "README.md" and "entry-points" in block:
            continue  # a plugin's pyproject.toml
        file = tmp_path / f"{number}.toml"
        file.write_text(block.replace("/etc/satellite/token", str(tmp_path / "token")))
        (tmp_path / "token").write_text("secret")
        (tmp_path / "token").chmod(0o600)
        config.load(file=file, environment={})


def test_the_front_page_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_the_references_are_up_to_date() -> None:
    done = CliRunner().invoke(reference.main, ["--check"])
    assert done.exit_code == 0, done.output
    text = "".join(path.read_text() for path in reference.documents())
    assert all(f"<!-- generated: {name} -->" in text for name in reference.SECTIONS)
