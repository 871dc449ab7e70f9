"""Skills: the actions and answers for each intent, as pure functions of the request.

A skill takes the matched sentence, the request with the satellite's situation, and the phrases of
the language, and returns the parts of the reply. An intent without a skill is answered by its
response.
"""

from __future__ import annotations

from servers.intents.skills import (
    alarms,
    arithmetic,
    broadcast,
    clock,
    dialog,
    home,
    home_lists,
    home_media,
    home_weather,
    timers,
    volume,
)
from servers.intents.skills.skill import Skill

SKILLS: dict[str, Skill] = {
    **alarms.SKILLS,
    **arithmetic.SKILLS,
    **broadcast.SKILLS,
    **clock.SKILLS,
    **home.SKILLS,
    **home_lists.SKILLS,
    **home_media.SKILLS,
    **home_weather.SKILLS,
    **dialog.SKILLS,
    **timers.SKILLS,
    **volume.SKILLS,
}
"""Skills by the name of their intent."""
