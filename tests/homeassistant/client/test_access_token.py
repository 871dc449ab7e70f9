"""The token is found, told nowhere, and what is wrong with it is said."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.cli.config import as_toml
from satellite.config import load as config
from satellite.config.layers import from_environment, from_file
from satellite.errors import HomeRefused
from satellite.homeassistant.client.access_token import VARIABLE, Token, TokenSource
from tests.support.connected_home import token_file


def test_the_file_that_is_named_goes_before_the_environment(tmp_path: Path) -> None:
    found = TokenSource(
        token_file(tmp_path, "of-the-file"), {VARIABLE: "of-the-environment"}
    ).read()
    assert found.secret == "of-the-file"
    assert found.headers == {"Authorization": "Bearer of-the-file"}
    assert (
        TokenSource("", {VARIABLE: " of-the-environment\n"}).read().secret == "of-the-environment"
    )


def test_without_any_it_is_said_what_to_do() -> None:
    with pytest.raises(HomeRefused, match=f"long-lived.*home.token_file.*{VARIABLE}"):
        TokenSource("", {}).read()


@pytest.mark.parametrize("text", ["", "\n", "two words", "a\nb", "ü", "x" * 5000, "\0"])
def test_what_is_no_token_is_not_sent(tmp_path: Path, text: str) -> None:
    with pytest.raises(HomeRefused, match="does not hold a token alone") as raised:
        TokenSource(token_file(tmp_path, text)).read()
    assert not text.strip() or text.strip() not in str(raised.value).replace("file", "")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(HomeRefused, match=r"nowhere cannot be read.*No such file"):
        TokenSource(str(tmp_path / "nowhere")).read()


def test_a_file_that_others_can_read_is_warned_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = token_file(tmp_path)
    source = TokenSource(file)
    source.read()
    assert not caplog.records
    os.chmod(file, 0o644)
    source.read()
    source.read()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert f"chmod 600 {file}" in record.getMessage()


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=200))
def test_a_token_never_shows_itself(secret: str) -> None:
    found = Token(secret, "somewhere")
    assert repr(found) == str(found) == f"{found}" == "Token(from somewhere)"


def test_the_variable_is_no_setting_and_no_mistake() -> None:
    layer = from_environment({VARIABLE: "hush", "SATELLITE_HOME_URL": "http://ha:8123"})
    assert not layer.problems
    assert list(layer.values) == ["home.url"]


def test_a_token_in_the_configuration_file_is_refused_without_being_shown(tmp_path: Path) -> None:
    file = tmp_path / "satellite.toml"
    file.write_text('[home]\ntoken = "hush"\n')
    layer = from_file(file, required=True)
    assert layer is not None
    (problem,) = layer.problems
    assert "did you mean home.token_file?" in problem
    assert "hush" not in problem


def test_no_listing_of_the_settings_shows_it() -> None:
    environment = {VARIABLE: "hush", "SATELLITE_HOME_URL": "http://ha:8123"}
    configuration = config.load(environment=environment, files=[])
    assert "hush" not in "\n".join(as_toml(configuration.effective()))
    assert "hush" not in repr(configuration)
