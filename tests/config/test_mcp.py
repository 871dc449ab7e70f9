"""Tables of MCP servers in the configuration."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from satellite.config.load import load
from satellite.engines.mcp_targets import mcp_targets, variable
from satellite.errors import ConfigError, EngineFailed
from satellite.settings import McpSettings
from satellite.text.redact import masked


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "satellite.toml"
    file.write_text(text)
    return file


def problems(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(files=[written(tmp_path, text)], environment={})
    return str(caught.value)


def test_servers_are_tables(tmp_path: Path) -> None:
    text = """
    [mcp.weather]
    command = "python3 'my server.py'"
    environment = ["WEATHER_KEY"]
    [mcp.my-notes]
    url = "http://10.0.0.7:8000/mcp"
    tools = ["search_*"]
    timeout = 3
    [home]
    url = "http://10.0.0.8:8123/"
    mcp = true
    """
    found = load(files=[written(tmp_path, text)], environment={})
    assert found.settings.mcp["my-notes"] == McpSettings(
        url="http://10.0.0.7:8000/mcp", tools=("search_*",), timeout=3.0
    )
    weather, notes, home = mcp_targets(found.settings)
    assert weather.argv == ("python3", "my server.py")
    assert weather.environment == ("WEATHER_KEY",)
    assert (notes.name, notes.allowed, notes.timeout) == ("my-notes", ("search_*",), 3.0)
    assert (home.name, home.url) == ("home", "http://10.0.0.8:8123/api/mcp/assist")
    assert (home.older_url, home.home) == ("http://10.0.0.8:8123/api/mcp", True)
    shown = {key.path: value for key, value, _ in found.effective()}
    assert shown["mcp.weather.timeout"] == 10.0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[mcp.a]\ntimeout = 5", "mcp.a.url: set either url or command"),
        ("[mcp.a]\nurl = 'http://a'\ncommand = 'b'", "mcp.a.url: set either url or command"),
        ("[mcp.a]\nurl = 'ftp://a'", "is no address such as"),
        ("[mcp.a]\nurl = 'http://u:pw@a'", "must not hold a password"),
        ("[mcp.a]\ncommand = '\"'", "is not well quoted"),
        ("[mcp.a]\ncommand = 'b'\ntoken_file = 'c'", "mcp.a.token_file: it is for an address"),
        ("[mcp.a]\nurl = 'http://a'\ntools = []", "mcp.a.tools: name at least one"),
        ("[mcp.home]\nurl = 'http://a'", "stands for Home Assistant (home.mcp)"),
        ("[mcp.a]\nuri = 'http://a'", "mcp.a.uri is unknown (did you mean url?)"),
        ("[mcp]\nurl = 'http://a'", "mcp.url is unknown"),
        ("[mcp.a]\nurl = 'http://a'\ntimeout = 1000", "mcp.a.timeout = 1000"),
        ("[home]\nmcp = true", "home.mcp: set home.url"),
    ],
)
def test_mistakes_are_reported(text: str, problem: str, tmp_path: Path) -> None:
    assert problem in problems(tmp_path, text)


def test_the_token_is_read_when_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tmp_path / "token"
    text = f"[mcp.my-notes]\nurl = 'http://a'\ntoken_file = '{token}'\n[mcp.b]\nurl = 'http://b'"
    settings = load(files=[written(tmp_path, text)], environment={}).settings
    notes, other = mcp_targets(settings)
    with pytest.raises(EngineFailed, match=r"mcp\.my-notes\.token_file = .*: cannot be read"):
        notes.headers()
    token.write_text("secret-of-notes\n")
    assert notes.headers() == {"Authorization": "Bearer secret-of-notes"}
    assert other.headers() == {}
    monkeypatch.setenv(variable("b"), "secret-of-b")
    assert other.headers() == {"Authorization": "Bearer secret-of-b"}
    assert masked("it is secret-of-b") == "it is ***"
    monkeypatch.setenv(variable("b"), "two words")
    with pytest.raises(EngineFailed, match="does not hold a token alone"):
        other.headers()


def test_a_variable_with_a_token_is_no_setting() -> None:
    assert variable("my-notes") == "SATELLITE_MCP_MY_NOTES_TOKEN"
    load(files=[], environment={variable("my-notes"): "x", "PATH": os.environ["PATH"]})
