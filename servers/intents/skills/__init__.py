"""Skills: what is done and said for each intent, as small functions of the request alone.

A skill takes what was meant, the request with the satellite's situation, and the phrases of the
language; it returns the parts of the reply. An intent without a skill is answered by its response.
"""

from __future__ import annotations

from servers.intents.skills import alarms, broadcast, clock, dialog, home, timers, volume
from servers.intents.skills.skill import Skill

SKILLS: dict[str, Skill] = {
    **alarms.SKILLS,
    **broadcast.SKILLS,
    **clock.SKILLS,
    **home.SKILLS,
    **dialog.SKILLS,
    **timers.SKILLS,
    **volume.SKILLS,
}
"""By the name of the intent."""
