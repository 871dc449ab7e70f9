"""Errors of servers that speak OpenAI's API."""

from __future__ import annotations

import pytest

from satellite.errors import EngineTimeout
from servers.openai.api import engine_errors


@pytest.mark.parametrize(("model", "named"), [("", ""), ("m", " with m")])
def test_a_silent_server_is_named_with_the_model_that_was_asked(model: str, named: str) -> None:
    expected = f"the server at http://s was silent for 5 s{named}: see its log"
    with pytest.raises(EngineTimeout, match=expected), engine_errors("x", "http://s", model, 5.0):
        raise TimeoutError
