"""The checks of every engine, whatever its role."""

from __future__ import annotations

from functools import partial

from satellite.conformance import calls, lifecycle
from satellite.conformance.check import Check
from satellite.conformance.exercise import Exercise

_FUNCTIONS = (
    lifecycle.loads_twice,
    lifecycle.describes_itself,
    calls.answers_rightly,
    calls.takes_empty_input,
    calls.takes_long_input,
    calls.raises_only_engine_errors,
    calls.keeps_calls_apart,
    calls.stops_at_any_await,
    calls.stops_after_any_item,
    calls.leaves_the_loop_free,
    lifecycle.closes_twice,
    lifecycle.is_closed_when_closed,
    lifecycle.closes_under_a_call,
)


def engine_checks(role: Exercise) -> tuple[Check, ...]:
    """The checks of an engine, with the requests of its role."""
    return tuple(
        Check(
            function.__name__.replace("_", "-"),
            (function.__doc__ or "").strip(),
            partial(function, role),
        )
        for function in _FUNCTIONS
    )
