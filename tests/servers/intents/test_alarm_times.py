"""Times of alarms from the slots of a sentence."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest

from servers.intents.skills.alarm_times import candidates


@pytest.mark.parametrize(
    ("slots", "times"),
    [
        ({"hour": 7, "minute": 30}, (time(7, 30), time(19, 30))),
        ({"hour": 8, "past": -30}, (time(7, 30), time(19, 30))),
        ({"hour": 1, "past": -15}, (time(0, 45), time(12, 45))),
        ({"hour": 1, "past": -30}, (time(0, 30), time(12, 30))),
        ({"hour": 1, "past": -30, "half": "pm"}, (time(12, 30),)),
        ({"hour": 8, "past": -55}, (time(7, 5), time(19, 5))),
        ({"hour": 12}, (time(0), time(12))),
        ({"hour": 12, "half": "am"}, (time(0),)),
        ({"hour": 13, "past": -15}, (time(12, 45),)),
        ({"hour": 0, "minute": 10}, (time(0, 10),)),
        ({"hour": 0, "to": 5}, (time(23, 55),)),
        ({"exact": 12}, (time(12),)),
    ],
)
def test_the_possible_times_of_the_slots(slots: dict[str, Any], times: tuple[time, ...]) -> None:
    assert candidates(slots) == times
