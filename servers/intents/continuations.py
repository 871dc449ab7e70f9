"""Whether a whole request could go on: by the templates, or by what people say.

Where a wrong end is joined with what follows, the templates decide: an end after most whole
requests costs little. Where words after the end are lost, a request counts as whole only if hardly
anybody would say more after a pause, whatever the templates take. One that lacks what the brain
would ask for, such as the duration of a timer, has only begun. The intents and slots are those
of all languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from satellite.values import Extent
from servers.intents.beginnings import Beginning
from servers.intents.durations import has_duration
from servers.intents.match import Match
from servers.intents.package_mapping import DELAYED
from servers.intents.skills.alarm_times import has_time

_COMPLETE = frozenset(
    {"HassGetCurrentTime", "HassGetCurrentDate", "Help", "Repeat", "HassSetVolumeRelative"}
    | {"HassCancelTimer", "HassCancelAllTimers", "HassPauseTimer", "HassUnpauseTimer"}
    | {"CancelAlarm", "CancelAllAlarms"}
)
"""Intents of requests that people make in one breath, although the templates take more: "what's the
time" with "left", "turn the volume up" with "a bit". Of several timers or alarms, the brain asks
which one is meant."""

_TIMED = frozenset({"HassStartTimer", "SetAlarm", "SetReminder"})
"""Intents of requests that the brain answers with a question as long as they name no time."""

_LATER = DELAYED - {"HassSetVolume"}
"""Intents of requests that people put off in an afterthought: "turn off the light" with "in ten
minutes". Which room or thing is meant may follow, too."""

_FEW = 10
"""Minutes below which seconds may follow: "five minutes" with "and thirty seconds"."""


def extent_of(match: Match, place: Beginning, irrevocable: bool) -> Extent:
    """Return the extent of a whole request; `irrevocable` if words after its end are lost."""
    if match.intent in _TIMED and not has_duration(match.slots) and not has_time(match.slots):
        return Extent.BEGUN
    goes_on = place.goes_on or place.free or not place.ends
    if irrevocable:
        goes_on = _goes_on_in_speech(match, goes_on)
    return Extent.OPEN if goes_on else Extent.WHOLE


def _goes_on_in_speech(match: Match, goes_on: bool) -> bool:
    """Return whether people may say more. `goes_on` is what the templates say."""
    if match.intent in _LATER:
        return True
    if match.intent in _COMPLETE:
        return False
    if match.intent == "HassStartTimer" and _is_exact(match.slots):
        return False
    return goes_on


def _is_exact(slots: Mapping[str, Any]) -> bool:
    """Return whether a duration is so exact that no smaller unit follows."""
    if "seconds" in slots:
        return True
    minutes = float(slots.get("minutes", 0))
    return minutes >= _FEW or (minutes > 0 and "hours" in slots)
