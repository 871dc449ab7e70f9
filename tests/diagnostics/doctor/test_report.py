"""The report shows no secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.diagnostics.doctor.report import masked, masked_finding, masked_setting
from satellite.lib.finding import broken

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiIxMjM0In0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://ann:p@w@home:8123/x", "http://***@home:8123/x"),
        (f"got {JWT} back", "got *** back"),
        ("set-source-mute room.monitor 0", "set-source-mute room.monitor 0"),
    ],
)
def test_texts_that_look_like_secrets_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@given(st.from_regex(r"[A-Za-z0-9_%.-]{1,20}:[A-Za-z0-9_%.-]{1,30}", fullmatch=True))
def test_no_credentials_in_an_address_survive(credentials: str) -> None:
    assert credentials not in masked(f"see https://{credentials}@home.example:8123/api/ there")


def test_secrets_of_the_environment_are_masked_in_findings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SATELLITE_HOME_TOKEN", "correct-horse-battery")
    finding = broken("token", "correct-horse-battery was refused", "a", "b")
    assert masked_finding(finding).found == "*** was refused"


def test_the_home_folder_is_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert Path.home() == Path("/home/ann")
    assert masked("/home/ann/x.toml and /home/annette") == "~/x.toml and /home/annette"


def test_settings_are_masked_by_their_names() -> None:
    assert masked_setting("home.password", "pw") == "***"
    assert masked_setting("home.password", "") == ""
    assert masked_setting("home.token_file", "/etc/token") == "/etc/token"
    assert masked_setting("hooks", ("x?token=abc",)) == ("x?token=***",)
    assert masked_setting("listen.silence", 0.7) == 0.7
