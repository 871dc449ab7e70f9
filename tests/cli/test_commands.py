"""The command line: its flags, its help, and its tables."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from satellite.cli.command import walk
from satellite.cli.main import COMMANDS, cli
from satellite.config import load as config
from satellite.config.keys import keys
from satellite.errors import ConfigError

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call the command line where no file of this machine is read."""
    monkeypatch.setattr(config, "default_files", lambda: (tmp_path / "satellite.toml",))

    def run(*arguments: str, catch: bool = False) -> Result:
        runner = CliRunner()
        return runner.invoke(cli, arguments, catch_exceptions=catch, standalone_mode=False)

    return run


def origins(result: Result) -> dict[str, tuple[object, str]]:
    return {row["key"]: (row["value"], row["origin"]) for row in json.loads(result.stdout)}


def test_options_count_before_and_after_the_commands_name(call: Call, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text('area = "attic"')
    before = call("--config", str(tmp_path / "my.toml"), "--set", "volume=0.5", "--json", "config")
    after = call("config", "--config", str(tmp_path / "my.toml"), "--set", "volume=0.5", "--json")
    assert before.stdout == after.stdout
    assert origins(after)["area"] == ("attic", f"file {tmp_path / 'my.toml'}")
    assert origins(after)["volume"] == (0.5, "flag --set volume")


def test_of_two_values_the_later_holds(call: Call) -> None:
    both = call("--mic", "wav:a", "--set", "area=a", "config", "--set", "area=b", "--json")
    assert origins(both)["mic"] == ("wav:a", "flag --mic")
    assert origins(both)["area"] == ("b", "flag --set area")


def test_every_flag_sets_its_setting(call: Call) -> None:
    arguments = {
        "name": "hal",
        "area": "attic",
        "language": "de",
        "mic": "wav:in.wav",
        "speaker": "wav:out.wav",
        "wake": "tcp://host:1",
        "vad": "energy",
        "asr": "unix:///run/asr",
        "llm": "tcp://host:2",
        "tts": "espeak",
        "server.host": "::1",
        "server.asr_port": 1,
        "server.llm_port": 2,
        "server.tts_port": 3,
        "server.wake_port": 4,
    }
    flags = [
        word
        for path, value in arguments.items()
        for word in ("--" + path.removeprefix("server.").replace("_", "-"), str(value))
    ]
    found = origins(call(*flags, "--no-zeroconf", "config", "--json"))
    assert {path: found[path][0] for path in arguments} == arguments
    assert all(found[path][1].startswith("flag --") for path in arguments)
    assert found["zeroconf"] == (False, "flag --no-zeroconf")


def test_common_options_from_the_environment(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my.toml").write_text('area = "attic"')
    monkeypatch.setenv("SATELLITE_CONFIG", str(tmp_path / "my.toml"))
    monkeypatch.setenv("SATELLITE_LOG_LEVEL", "error")
    assert origins(call("config", "--json"))["area"][0] == "attic"
    assert logging.getLogger().level == logging.ERROR
    call("--log-level", "debug", "config")
    assert logging.getLogger().level == logging.DEBUG
    monkeypatch.setenv("SATELLITE_LOG_LEVEL", "loud")
    with pytest.raises(ConfigError, match='environment SATELLITE_LOG_LEVEL: "loud" is none of'):
        call("config")


@pytest.mark.parametrize(
    ("arguments", "level"),
    [
        (["-v"], logging.DEBUG),
        (["-q"], logging.WARNING),
        (["-qq"], logging.ERROR),
        (["-vqq"], logging.WARNING),
        (["--quiet", "--log-level", "debug"], logging.INFO),
        (["-vvv"], logging.DEBUG),
    ],
)
def test_verbose_and_quiet_move_the_log_level(call: Call, arguments: list[str], level: int) -> None:
    call("config", *arguments)
    assert logging.getLogger().level == level
    call(*arguments, "config")
    assert logging.getLogger().level == level


def test_config_prints_every_setting_with_unit_and_origin(call: Call) -> None:
    result = call("config", "--set", "listen.silence=1.5")
    assert "silence = 1.5                    # s, flag --set listen.silence\n" in result.stdout
    assert result.stdout.count(" = ") == len(keys())


def test_plugins_are_listed_with_options_and_needs(call: Call) -> None:
    lines = call("plugins", "tts").stdout.splitlines()
    assert any(line.startswith("tts  espeak:VOICE  (satellite-voice ") for line in lines)
    assert "  needs Python package espeakng_loader" in lines
    assert any(line.split()[:2] == ["rate=160", "words/min"] for line in lines)
    listed = json.loads(call("plugins", "--json").stdout)
    assert {("mic", "wav"), ("wake", "openwakeword"), ("llm", "intents")} <= {
        (plugin["role"], plugin["name"]) for plugin in listed
    }
    assert {plugin["role"] for plugin in json.loads(call("--json", "plugins", "vad").stdout)} == {
        "vad"
    }


def test_the_list_of_commands_shows_the_first_line_of_each_help() -> None:
    for name, command in cli.load().items():
        assert (command.help or "").split("\n\n")[0] == COMMANDS[name], name
        assert len(COMMANDS[name]) <= 58


def test_every_help_names_its_options_and_the_common_ones(call: Call) -> None:
    for name, command in cli.load().items():
        text = call(name, "--help").stdout
        assert all(
            parameter.opts[0] in text for parameter in command.params if parameter.opts[0][0] == "-"
        )
        assert all(o in text for o in ("--config", "--set", "--events", "--log-level")), name
        explained = text.partition("Common options:")[0]
        assert "Read this file" not in explained
    text = call("--help").stdout
    assert "Read this file and no other" in text
    assert "--asr-port PORT" in text
    assert "[default: 10300]" in text
    assert "Examples:" in text
    assert all(name in text for name in cli.commands)


@pytest.mark.parametrize("width", [80, 100, 120])
def test_help_fits_the_screen_and_breaks_no_word(width: int) -> None:
    root = click.Context(cli, info_name="satellite", terminal_width=width)
    words: set[str] = set()
    for name, command in [("", cli), *walk(cli.load())]:
        parent = root if name else None
        context = click.Context(command, info_name=name, parent=parent, terminal_width=width)
        lines = command.get_help(context).splitlines()
        words |= {word for line in lines for word in line.split()}
        assert [line for line in lines if len(line) > width] == [], name
    assert {"http://homeassistant.local:8123", "~/.config/satellite/satellite.toml]"} <= words


def test_names_of_commands_complete_without_their_modules() -> None:
    code = "from satellite.cli.main import cli; import click, sys; " + (
        "print([i.value for i in cli.shell_complete(click.Context(cli), 'mo')], "
        "'satellite.cli.models' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "['models'] False\n", done.stderr
