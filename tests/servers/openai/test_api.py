"""Errors of servers that speak OpenAI's API."""

from __future__ import annotations

import pytest

from satellite.errors import EngineError, EngineTimeout
from servers.http_api import Refused
from servers.openai.api import engine_errors


@pytest.mark.parametrize(("model", "named"), [("", ""), ("m", " with m")])
def test_a_silent_server_is_named_with_the_model_that_was_asked(model: str, named: str) -> None:
    expected = f"the server at http://s was silent for 5 s{named}: see its log"
    with pytest.raises(EngineTimeout, match=expected), engine_errors("x", "http://s", model, 5.0):
        raise TimeoutError


@pytest.mark.parametrize(
    ("status", "model", "expected"),
    [
        (401, "m", "http://s refuses the key (no): set the option key_file to a file"),
        (404, "m", "http://s has no model m or no such path (no): set the options url and model"),
        (404, "", "http://s has no model or no such path (no): set the options url and model"),
    ],
)
def test_a_refusal_names_the_option_to_set(status: int, model: str, expected: str) -> None:
    with pytest.raises(EngineError) as raised, engine_errors("x", "http://s", model, 5.0):
        raise Refused("no", status)
    assert expected in str(raised.value)
