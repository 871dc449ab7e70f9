"""`satellite setup` by flags alone, and repeated."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from satellite.cli.guided_setup.guide import guide
from satellite.cli.guided_setup.wizard import Wizard
from satellite.config import migration
from satellite.config.keys import build
from satellite.config.migration import Moved
from satellite.lib.bus import Bus
from tests.cli.program import Done, satellite
from tests.cli.test_pair import showing
from tests.support.speech import silence, write_wav


@pytest.fixture
def devices(tmp_path: Path) -> tuple[str, ...]:
    room = write_wav(tmp_path / "in.wav", silence(1.0))
    return ("--mic", f"wav:{room}", "--speaker", f"wav:{tmp_path / 'out.wav'}")


def setup(file: Path, *arguments: str) -> Done:
    return satellite("setup", "--yes", "--no-zeroconf", "--output", str(file), *arguments)


def test_flags_answer_every_question(tmp_path: Path, devices: tuple[str, ...]) -> None:
    file = tmp_path / "etc" / "satellite.toml"
    names = ("--name", "den", "--area", "Den", "--wake", "openwakeword:hey_jarvis")
    server = ("--server", "tcp://10.0.0.5:10300", "--set", "listen.silence=0.9")
    done = setup(file, *devices, *names, *server, "--no-service")
    assert done.code == 0, done.errors
    settings = tomllib.loads(file.read_text())
    assert (settings["name"], settings["area"]) == ("den", "Den")
    assert (settings["mic"], settings["wake"]) == (devices[1], "openwakeword:hey_jarvis")
    assert settings["servers"] == {"pin": ["tcp://10.0.0.5:10300"]}
    assert settings["listen"] == {"silence": 0.9}
    assert list(settings)[:5] == ["version", "name", "area", "mic", "speaker"]
    assert "No Home Assistant was found: the network was not searched." in done.output
    assert "satellite setup --home URL --token-file FILE" in done.output
    for step in (f"satellite doctor --config {file}", f"edit {file}", "port 10700"):
        assert step in done.output.partition("Next steps:")[2]
    assert "Try it all together" not in done.output
    used = satellite("config", "--config", str(file))
    assert used.code == 0
    assert 'name = "den"' in used.output


def test_repeated_only_the_named_settings_change(tmp_path: Path, devices: tuple[str, ...]) -> None:
    file = tmp_path / "satellite.toml"
    before = "# mine\nvolume = 0.5 # not so loud\n\n[listen] # slowly\nsilence = 1.5\n"
    file.write_text(before)
    named = [
        f'{role.removeprefix("--")} = "{value}"'
        for role, value in zip(devices[::2], devices[1::2], strict=True)
    ]
    file.write_text("\n".join(named) + "\n" + before)
    text = file.read_text()
    done = setup(file)
    assert "Nothing was changed" in done.output, done.output + done.errors
    assert file.read_text() == text
    assert setup(file, "--wake", "openwakeword:alexa").code == 0
    added = '# Wake word component\nwake = "openwakeword:alexa"\n'
    assert added in file.read_text()
    assert file.read_text().replace(added, "") == text
    assert file.with_name("satellite.toml.old").read_text() == text


def test_a_file_of_comments_alone_is_filled(tmp_path: Path, devices: tuple[str, ...]) -> None:
    file = tmp_path / "satellite.toml"
    hints = '# What is set for this machine.\n\n# name = "kitchen"\n'
    file.write_text(hints)
    assert setup(file, *devices, "--name", "den").code == 0
    text = file.read_text()
    assert text.startswith(hints)
    assert list(tomllib.loads(text)) == ["version", "name", "area", "mic", "speaker", "wake"]


def test_mistakes_are_reported_before_the_first_question(tmp_path: Path) -> None:
    file = tmp_path / "satellite.toml"
    wrong = setup(file, "--wake", "openwakword:alexa", "--home", "nowhere")
    assert (wrong.code, len(wrong.complaints)) == (2, 2)
    assert "did you mean openwakeword?" in wrong.errors
    assert not file.exists()
    alone = satellite("setup", "--output", str(file))
    assert (alone.code, "--yes" in alone.errors) == (2, True)


def test_a_file_that_cannot_be_written_is_reported(
    tmp_path: Path, devices: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("")
    done = setup(tmp_path / "file" / "satellite.toml", *devices)
    assert done.code == 1
    assert "cannot be written" in done.complaints[0]


def test_it_pairs_with_the_code_of_the_command_line(
    tmp_path: Path, devices: tuple[str, ...]
) -> None:
    den = tmp_path / "den"
    keys = ("--set", f"pairing.folder={tmp_path / 'keys'}", "--name", "kitchen")
    with showing(den) as (process, code, place):
        done = setup(tmp_path / "s.toml", *devices, *keys, "--pair", place, "--code", code)
        assert done.code == 0, done.errors
        process.communicate(timeout=30)
    assert "Paired with den" in done.output
    assert tomllib.loads((tmp_path / "s.toml").read_text())["pairing"] == {
        "folder": str(tmp_path / "keys")
    }


class NoPerson:
    """An asker without a person; it records the lines shown."""

    present = False

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str = "") -> None:
        self.lines.append(text)

    head = say

    def level(self, rms: float, peak: float, *, last: bool = False) -> None:
        pass

    async def text(self, question: str, default: str) -> str:
        return default

    async def yes(self, question: str, default: bool) -> bool:
        return default

    async def choose(self, question: str, choices: object, default: str, *, other: str = "") -> str:
        return default

    async def secret(self, question: str) -> str:
        return ""


async def test_a_file_of_an_older_version_is_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "MIGRATIONS", ((Moved("loudness", "volume"),),))
    file = tmp_path / "satellite.toml"
    file.write_text("loudness = 0.5 # of the old days\n")
    settings = build({"volume": 0.5, "zeroconf": False, "mic": f"wav:{tmp_path / 'x.wav'}"})
    ask = NoPerson()
    await guide(Wizard(ask, settings, file=file), Bus())
    assert tomllib.loads(file.read_text()) == {"volume": 0.5, "version": 2}
    assert file.with_name("satellite.toml.old").read_text().startswith("loudness")
    assert any("loudness is volume now" in line for line in ask.lines)
