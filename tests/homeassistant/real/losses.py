"""Losing one side, and what the other one does then."""

from __future__ import annotations

import time

from tests.homeassistant.real import entries, said
from tests.homeassistant.real.said import LAMP
from tests.homeassistant.real.satellite import RealSatellite
from tests.homeassistant.real.wyoming_tap import HOME, OURS
from tests.support.spoken_choice import heard

ALONE = "I can't turn on the living room lamp: no home is connected."
STAGES = ("run-pipeline", "transcript", "synthesize", "audio-chunk")
"""Events after which Home Assistant is killed; the last one is its own sound."""
LISTENING = 1.0
"""Seconds until the satellite is of use again."""


RECONNECT = 10.0
"""Seconds to be connected again after a restart."""

RECONNECT_KILLED = 13.5
"""Seconds to be connected again to a satellite that had no time to leave: Home Assistant waits 3 s
when it has lost one, and 10 s more where what it sent meanwhile to the lost connection spoils the
first attempt."""


def lose(kitchen: RealSatellite, stage: str) -> None:
    """Kill Home Assistant within a turn, and hold the satellite to what it promises then.

    Within a second it listens, or it answers the request by itself: a turn whose request it still
    has goes on without Home Assistant. An answer that has come as a whole is played to its end; the
    wake word is listened for meanwhile, as always.
    """
    mark = kitchen.say(said.request())
    sender = OURS if stage == "run-pipeline" else HOME
    kitchen.wait(stage, mark, sender=sender)
    turns = len(kitchen.program.events("turn_end"))
    killed = time.monotonic()
    kitchen.house.kill()

    def over() -> bool:
        return kitchen.program.events("phase")[-1]["phase"] == "idle"

    def alone() -> bool:
        later = [it for it in kitchen.program.events() if it["mono"] > killed]
        return any(it["event"] in ("transcript", "reply", "audio_start") for it in later)

    whole = kitchen.tap.since(mark, HOME, "audio-stop")
    if stage != "run-pipeline" and not whole:  # else it is still being spoken, or answered
        kitchen.program.wait_until(lambda: over() or alone(), "way out of the turn", 20.0)
        moved = [it["mono"] for it in kitchen.program.events() if it["mono"] > killed]
        assert min(moved, default=killed) - killed < LISTENING, kitchen.program.told()
    kitchen.program.wait_until(
        lambda: len(kitchen.program.events("turn_end")) > turns and over(), "end of the turn", 20.0
    )
    if whole:
        assert kitchen.program.events("turn_end")[-1]["outcome"] == "answered"


def check_alone(kitchen: RealSatellite) -> None:
    """The next request is answered without Home Assistant."""
    kitchen.silence()
    mark, done = len(kitchen.tap.events), len(kitchen.finals())
    turns = len(kitchen.program.events("turn_end"))
    kitchen.say(said.request())
    kitchen.program.wait_for("turn_end", turns + 1)
    (final,) = kitchen.finals(done)
    assert said.words(final["text"]) == said.words(LAMP)
    assert final["engine"] != "homeassistant"
    assert kitchen.program.events("turn_end")[-1]["outcome"] == "answered"
    assert kitchen.tap.since(mark) == []
    kitchen.idle(entity=False)
    assert heard(kitchen.played(), [ALONE, "Sorry, I did not understand."]) == ALONE


def restart_home(kitchen: RealSatellite) -> float:
    """Stop and start Home Assistant; the seconds from when it runs until it is connected."""
    kitchen.house.stop()
    mark = len(kitchen.tap.events)
    kitchen.house.start()
    began = time.monotonic()
    kitchen.house.portal.run(entries.loaded(kitchen.home.api, kitchen.entry.id))
    return max(0.0, kitchen.connected(mark, 30.0).at - began)


def restart_us(kitchen: RealSatellite, kill: bool = False) -> float:
    """Stop and start the satellite; the seconds from when it runs until it is connected."""
    if kill:
        kitchen.kill()
    else:
        kitchen.stop()
    mark = len(kitchen.tap.events)
    kitchen.start()
    began = time.monotonic()
    return max(0.0, kitchen.connected(mark, 30.0).at - began)
