"""The source distribution and the wheel, built from a copy of the tree as a release builds them."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from satellite.requirements import DISTRIBUTION, own_version
from tests.deploy.lint import DEPLOY

ROOT = DEPLOY.parent
BUILD = """
import sys
from setuptools import build_meta

print(getattr(build_meta, sys.argv[1])(sys.argv[2]))
"""


def tracked(*places: str) -> list[str]:
    """Return the files of the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *places]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"not a git checkout: {done.stderr.strip()}")
    return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def build(tree: Path, kind: str, folder: Path) -> Path:
    """Run one step of the build backend, as `python -m build` does."""
    command = [sys.executable, "-c", BUILD, f"build_{kind}", str(folder)]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, of a tree without history and tags."""
    folder = tmp_path_factory.mktemp("package")
    for name in tracked("."):
        target = folder / "tree" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    return build(folder / "tree", "sdist", folder)


@pytest.fixture(scope="module")
def wheel(source: Path) -> zipfile.ZipFile:
    """The wheel, built from the source distribution."""
    with tarfile.open(source) as archive:
        archive.extractall(source.parent, filter="data")
    tree = source.parent / source.name.removesuffix(".tar.gz")
    return zipfile.ZipFile(build(tree, "wheel", source.parent))


def metadata(wheel: zipfile.ZipFile) -> str:
    (name,) = (n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
    return wheel.read(name).decode()


def test_the_source_holds_the_program(source: Path) -> None:
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    program = {name for name in tracked("satellite", "servers") if not name.endswith(".md")}
    assert sorted({"pyproject.toml", "README.md", "LICENSE", *program} - names) == []
    assert not {name for name in names if name.startswith((".", "deploy", "tests/support"))}


def test_the_wheel_holds_the_program_alone(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    wanted = {name for name in tracked("satellite", "servers") if not name.endswith(".md")}
    rest = names - wanted
    assert not wanted - names
    assert {name.partition("/")[0] for name in rest} == {
        f"satellite_voice-{own_version()}.dist-info"
    }
    assert any(name.endswith("/licenses/LICENSE") for name in rest)
    assert wheel.filename is not None
    assert wheel.filename.endswith("-py3-none-any.whl")
    assert Path(wheel.filename).stat().st_size < 3_000_000


def test_its_entry_points_are_those_of_the_project(wheel: zipfile.ZipFile) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (name,) = (n for n in wheel.namelist() if n.endswith("/entry_points.txt"))
    text = wheel.read(name).decode()
    assert "satellite = satellite.__main__:main" in text
    for group, entries in project["entry-points"].items():
        assert f"[{group}]" in text
        assert all(f"{key} = {value}" in text for key, value in entries.items())


def test_its_metadata_would_be_accepted(wheel: zipfile.ZipFile) -> None:
    """As `twine check --strict` looks at it: valid fields, and a description that renders."""
    markdown = pytest.importorskip("readme_renderer.markdown", reason="readme_renderer[md]")
    validator = pytest.importorskip("packaging.metadata", reason="packaging")
    text = metadata(wheel)
    fields = validator.Metadata.from_email(text, validate=True)
    assert (fields.name, str(fields.version)) == (DISTRIBUTION, own_version())
    assert fields.license_expression == "Apache-2.0"
    assert fields.license_files == ["LICENSE"]
    assert fields.description_content_type == "text/markdown"
    html = markdown.render(fields.description)
    assert html is not None
    assert all(
        re.search(f"<h.[^>]*>{title}<", html) for title in ("Satellite", "Install", "License")
    )


def test_an_extra_of_the_project_names_the_project(wheel: zipfile.ZipFile) -> None:
    """Another project owns the name `satellite` at the package index."""
    needs = re.findall(r"^Requires-Dist: ([\w.-]+)", metadata(wheel), re.MULTILINE)
    assert "satellite" not in needs
    assert DISTRIBUTION in needs


def test_a_tagged_commit_has_the_version_of_its_tag() -> None:
    """Tags are written by hand (deploy/releasing.md): `v` and the version of pyproject.toml."""
    command = ["git", "tag", "--points-at", "HEAD", "--list", "v*"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if not done.stdout.split():
        pytest.skip("no tag of a release is at this commit")
    assert f"v{own_version()}" in done.stdout.split()
