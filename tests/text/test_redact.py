"""Errors, logs and events contain no password and no token."""

from __future__ import annotations

import logging
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.cli.logs import JournalFormatter, MaskedFormatter
from satellite.components import registry
from satellite.config.keys import keys
from satellite.errors import ConfigError, EngineFailed
from satellite.ports import ENGINE_ROLES
from satellite.text.redact import masked

SECRET = re.compile(r"(?<!max_)token|passw|secret|credential|(^|_)key(_|$)")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://ann:pw@home:8123/x", "http://***@home:8123/x"),
        ("http://home/?token=abcdef&a=1", "http://home/?token=***&a=1"),
        ("llm=x?host=http://h&api_key=abc", "llm=x?host=http://h&api_key=***"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("hf_abcdefghijkl is set", "*** is set"),
        ("llm:x?max_tokens=9&keywords=a", "llm:x?max_tokens=9&keywords=a"),
        ("tcp://10.0.0.5:10300 is named", "tcp://10.0.0.5:10300 is named"),
    ],
)
def test_only_secrets_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@given(st.from_regex(r"[A-Za-z0-9_%.-]{1,20}:[A-Za-z0-9_%.-]{1,30}", fullmatch=True))
def test_no_error_repeats_the_password_in_an_address(credentials: str) -> None:
    text = f"https://{credentials}@home.example:8123/api/ does not answer"
    assert credentials not in str(EngineFailed(text))
    (problem,) = ConfigError([text]).problems
    assert credentials not in problem


@pytest.mark.parametrize("kind", [MaskedFormatter, JournalFormatter])
def test_no_log_contains_a_token_not_even_from_a_library(
    kind: type[logging.Formatter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SATELLITE_HOME_TOKEN", "correct-horse-battery")
    values = {"msg": "sent %s", "args": ("correct-horse-battery",), "levelno": logging.INFO}
    record = logging.makeLogRecord(values)
    assert kind("%(message)s").format(record).endswith("sent ***")
    record.exc_info = (ValueError, ValueError("no correct-horse-battery"), None)
    assert "correct-horse" not in kind("%(message)s").format(record)


def test_secrets_are_read_from_files_never_from_a_command_line() -> None:
    names = list(keys())
    for plugin in registry.installed("mic", "speaker", "vad", "hook", *ENGINE_ROLES):
        options = getattr(plugin.load(), "Options", None)
        if options is not None:
            names += [f.name for f in msgspec.structs.fields(options)]
    secret = {name for name in names if SECRET.search(name)}
    assert {"home.token_file", "http.token_file", "token_file"} <= secret
    assert {name for name in secret if not name.endswith("_file")} == set()
