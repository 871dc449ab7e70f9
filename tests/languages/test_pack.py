"""Language packs: found by code, inherited by regions, extended by the user's own folder."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from satellite.errors import PluginBroken
from satellite.languages.pack import GROUP, Pack, Packs, find, pack


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Return the folder of the user's own packs."""
    return tmp_path


def packs(own: Path) -> Packs:
    """Return the English pack and the user's own."""
    return Packs({entry.name: entry for entry in entry_points(group=GROUP)}, own)


def opened(own: Path, language: str) -> Pack:
    found = packs(own).find(language)
    assert found is not None
    return found


def write(folder: Path, **parts: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in parts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "en-US", "en_GB.UTF-8", "eng"])
def test_a_language_is_found_by_any_of_its_codes(language: str) -> None:
    found = find(language)
    assert found is not None
    assert found.about.english == "English"


def test_a_language_without_a_pack_is_not_found_and_english_serves() -> None:
    assert find("tlh") is None
    assert pack("tlh").code == "en"
    assert pack(None).code == "en"


def test_a_folder_of_the_user_is_a_language(own: Path) -> None:
    write(own / "tlh", language="name: tlhIngan Hol\nenglish: Klingon\n", names="areas: [pa']")
    assert "tlh" in packs(own).installed()
    assert opened(own, "tlh").about.name == "tlhIngan Hol"
    assert opened(own, "tlh").part("names") == {"areas": ["pa'"]}
    assert opened(own, "tlh").part("spoken") == {}


def test_a_region_inherits_what_it_does_not_have(own: Path) -> None:
    write(own / "tlh", language="{name: a, english: b}", names="{areas: [x], kinds: {light: [l]}}")
    write(own / "tlh-XX", language="{name: c, english: d, inherits: tlh}", names="{areas: [y]}")
    assert opened(own, "tlh-XX").part("names") == {"areas": ["y"], "kinds": {"light": ["l"]}}
    assert opened(own, "tlh-xx-whatever").about.name == "c"
    assert opened(own, "tlh-YY").about.name == "a"


def test_a_folder_of_the_user_extends_a_built_in_language(own: Path) -> None:
    write(own / "en", own_sentences='one_moment: "Hold on."')
    assert opened(own, "en").part("own_sentences")["one_moment"] == "Hold on."
    assert opened(own, "en").part("own_sentences")["no_answer"].startswith("Sorry")


@pytest.mark.parametrize("code", ["zh-Hant", "zh-HK", "zh_Hant_HK", "yue"])
def test_the_script_decides_the_region(own: Path, code: str) -> None:
    write(own / "zh", language="{name: 中文, english: Chinese}")
    write(own / "zh-TW", language="{name: 繁體中文, english: Traditional Chinese, inherits: zh}")
    assert opened(own, code).code == "zh-TW"
    assert opened(own, "zh-CN").code == "zh"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [", "is not YAML"),
        ("- a", "has no keys and values"),
        ("{name: 3, english: b}", "Expected `str`"),
        ("{name: a, english: b, colour: red}", "colour"),
    ],
)
def test_an_invalid_file_is_reported_with_its_pack(own: Path, text: str, reason: str) -> None:
    write(own / "tlh", language=text)
    with pytest.raises(PluginBroken, match=f"language pack tlh.*{reason}"):
        opened(own, "tlh")
