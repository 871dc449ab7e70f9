"""Outages of Home Assistant or the satellite, and the other side's reaction."""

from __future__ import annotations

import time

from tests.homeassistant.real import entries, spoken_requests
from tests.homeassistant.real.satellite import RealSatellite
from tests.homeassistant.real.spoken_requests import LAMP
from tests.homeassistant.real.turns import check_turn
from tests.homeassistant.real.wyoming_tap import HOME, OURS
from tests.support.spoken_choice import heard

ALONE = "I can't turn on the living room lamp: no home is connected."
STAGES = ("run-pipeline", "transcript", "synthesize", "audio-chunk")
"""Events after which Home Assistant is killed; the last one is its own sound."""
LISTENING = 1.0
"""Seconds until the satellite is usable again."""


RECONNECT = 10.0
"""Seconds to reconnect after a restart."""

RECONNECT_KILLED = 13.5
"""Seconds to reconnect to a killed satellite: Home Assistant waits 3 s after a lost connection, and
10 s more if data sent to the lost connection in between spoils the first attempt."""


def kill_within_turn(satellite: RealSatellite, stage: str) -> None:
    """Kill Home Assistant within a turn, and check what the satellite promises for that case.

    Within a second it listens, or answers the request itself: a turn whose request it still has
    continues without Home Assistant. An answer that has begun is played as far as it was received,
    while the satellite listens for the wake word, as always.
    """
    mark = satellite.say(spoken_requests.request())
    sender = OURS if stage == "run-pipeline" else HOME
    satellite.wait(stage, mark, sender=sender)
    turns = len(satellite.program.events("turn_end"))
    killed = time.monotonic()
    satellite.home_assistant.kill()

    def over() -> bool:
        return bool(satellite.program.events("phase")[-1]["phase"] == "idle")

    def alone() -> bool:
        later = [event for event in satellite.program.events() if event["mono"] > killed]
        return any(event["event"] in ("transcript", "reply", "audio_start") for event in later)

    whole = satellite.tap.since(mark, HOME, "audio-stop")
    phases = [event for event in satellite.program.events("phase") if event["mono"] <= killed]
    speaking = phases[-1]["phase"] == "speaking"
    # otherwise it is still being spoken, or answered, or has been answered in part
    if stage != "run-pipeline" and not whole and not speaking:
        satellite.program.wait_until(lambda: over() or alone(), "way out of the turn", 20.0)
        moved = [event["mono"] for event in satellite.program.events() if event["mono"] > killed]
        assert min(moved, default=killed) - killed < LISTENING, satellite.program.report()
    satellite.program.wait_until(
        lambda: len(satellite.program.events("turn_end")) > turns and over(),
        "end of the turn",
        20.0,
    )
    if whole:
        assert satellite.program.events("turn_end")[-1]["outcome"] == "answered"


def check_alone(satellite: RealSatellite) -> None:
    """Check that the next request is answered without Home Assistant."""
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
    """Restart Home Assistant; return the seconds from its start to the connection."""
    satellite.home_assistant.stop()
    mark = len(satellite.tap.events)
    satellite.home_assistant.start()
    began = time.monotonic()
    satellite.home_assistant.loop.run(entries.loaded(satellite.home.api, satellite.entry.id))
    return max(0.0, satellite.connected(mark, 30.0).at - began)


def check_turn_after_restart(satellite: RealSatellite) -> None:
    """Check a turn with a satellite that was restarted.

    Once more where Home Assistant connects again meanwhile: data sent to the lost connection can
    spoil the first attempt, as in `RECONNECT_KILLED`.
    """
    mark = len(satellite.tap.events)
    try:
        check_turn(satellite)
    except AssertionError:
        if not satellite.tap.since(mark, HOME, "run-satellite"):
            raise
        check_turn(satellite)


def restart_satellite(satellite: RealSatellite, kill: bool = False) -> float:
    """Restart the satellite; return the seconds from its start to the connection."""
    if kill:
        satellite.kill()
    else:
        satellite.stop()
    mark = len(satellite.tap.events)
    satellite.start()
    began = time.monotonic()
    return max(0.0, satellite.connected(mark, 30.0).at - began)
