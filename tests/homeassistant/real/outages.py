"""Losing one side, and what the other one does then."""

from __future__ import annotations

import time

from tests.homeassistant.real import entries, spoken_requests
from tests.homeassistant.real.satellite import RealSatellite
from tests.homeassistant.real.spoken_requests import LAMP
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


def kill_within_turn(satellite: RealSatellite, stage: str) -> None:
    """Kill Home Assistant within a turn, and hold the satellite to what it promises then.

    Within a second it listens, or it answers the request by itself: a turn whose request it still
    has goes on without Home Assistant. An answer that has come as a whole is played to its end; the
    wake word is listened for meanwhile, as always.
    """
    mark = satellite.say(spoken_requests.request())
    sender = OURS if stage == "run-pipeline" else HOME
    satellite.wait(stage, mark, sender=sender)
    turns = len(satellite.program.events("turn_end"))
    killed = time.monotonic()
    satellite.home_assistant.kill()

    def over() -> bool:
        return satellite.program.events("phase")[-1]["phase"] == "idle"

    def alone() -> bool:
        later = [it for it in satellite.program.events() if it["mono"] > killed]
        return any(it["event"] in ("transcript", "reply", "audio_start") for it in later)

    whole = satellite.tap.since(mark, HOME, "audio-stop")
    if stage != "run-pipeline" and not whole:  # else it is still being spoken, or answered
        satellite.program.wait_until(lambda: over() or alone(), "way out of the turn", 20.0)
        moved = [it["mono"] for it in satellite.program.events() if it["mono"] > killed]
        assert min(moved, default=killed) - killed < LISTENING, satellite.program.told()
    satellite.program.wait_until(
        lambda: len(satellite.program.events("turn_end")) > turns and over(),
        "end of the turn",
        20.0,
    )
    if whole:
        assert satellite.program.events("turn_end")[-1]["outcome"] == "answered"


def check_alone(satellite: RealSatellite) -> None:
    """The next request is answered without Home Assistant."""
    satellite.silence()
    mark, done = len(satellite.tap.events), len(satellite.finals())
    turns = len(satellite.program.events("turn_end"))
    satellite.say(spoken_requests.request())
    satellite.program.wait_for("turn_end", turns + 1)
    (final,) = satellite.finals(done)
    assert spoken_requests.words(final["text"]) == spoken_requests.words(LAMP)
    assert final["engine"] != "homeassistant"
    assert satellite.program.events("turn_end")[-1]["outcome"] == "answered"
    assert satellite.tap.since(mark) == []
    satellite.idle(entity=False)
    assert heard(satellite.played(), [ALONE, "Sorry, I did not understand."]) == ALONE


def restart_home(satellite: RealSatellite) -> float:
    """Stop and start Home Assistant; the seconds from when it runs until it is connected."""
    satellite.home_assistant.stop()
    mark = len(satellite.tap.events)
    satellite.home_assistant.start()
    began = time.monotonic()
    satellite.home_assistant.loop.run(entries.loaded(satellite.home.api, satellite.entry.id))
    return max(0.0, satellite.connected(mark, 30.0).at - began)


def restart_satellite(satellite: RealSatellite, kill: bool = False) -> float:
    """Stop and start the satellite; the seconds from when it runs until it is connected."""
    if kill:
        satellite.kill()
    else:
        satellite.stop()
    mark = len(satellite.tap.events)
    satellite.start()
    began = time.monotonic()
    return max(0.0, satellite.connected(mark, 30.0).at - began)
