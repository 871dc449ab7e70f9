"""Any answer of Home Assistant is handled."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from satellite.errors import HomeFailed
from satellite.values import Declined
from servers.llm.homeassistant import spoken_text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["response", "speech", "plain", "response_type", "data", "code"]), inner
        )
    ),
    max_leaves=12,
)


@given(JSON | st.fixed_dictionaries({"response": JSON}))
def test_any_answer_is_spoken_declined_or_a_failure(answer: Any) -> None:
    try:
        said = spoken_text(answer)
    except HomeFailed:
        return
    assert isinstance(said, str | Declined)
