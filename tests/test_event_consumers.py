"""Every class of event is either used by each consumer of events, or left out for a reason.

A class that is added to `satellite.events` fails here until each consumer uses it or its reason
for not using it is written down below.
"""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from satellite import events
from satellite.builtin.hooks import indicator
from satellite.cli import view
from satellite.conformance.hook import every_event
from satellite.diagnostics.health import metrics
from satellite.diagnostics.stats import collector, snapshot

_PHASE = "the phase changes with it, and is used"
_ITS_TURN_END = "the turn's end says all that is needed"
_DETAIL = "a detail of a turn"
_NO_STATE = "nothing that lasts"

INDICATOR = {
    events.Ready: "idle is shown from the start",
    events.WakeWords: "changes no state that a lamp has",
    events.Wake: _PHASE,
    events.NearMiss: "the satellite does not react, and must not seem to",
    events.Joined: _PHASE,
    events.Chosen: _PHASE,
    events.Yielded: _PHASE,
    events.SpeechStart: _PHASE,
    events.SpeechEnd: _PHASE,
    events.Transcript: _PHASE,
    events.Person: "who speaks is of no interest in the room",
    events.Reply: _PHASE,
    events.Waiting: "the satellite still thinks",
    events.AudioStart: _PHASE,
    events.AudioEnd: _PHASE,
    events.ServerFound: "of no interest in the room",
    events.ServerLost: "of no interest in the room: another engine answers",
    events.Failover: "of no interest in the room: another engine answers",
    events.Announce: _PHASE,
    events.AudioLoss: "too short to be seen",
}

METRICS = {
    events.Ready: "the process's own metrics tell its start",
    events.WakeWords: "no quantity",
    events.NearMiss: "stored with its score by the statistics instead",
    events.Joined: "stored by the statistics instead",
    events.Chosen: "counted as the wake word that it follows",
    events.Yielded: "stored by the statistics instead",
    events.SpeechStart: _DETAIL,
    events.Person: "who speaks is no measure of health, and stays on the device",
    events.AudioEnd: _DETAIL,
    events.Timer: "what people ask for is no measure of health",
    events.Alarm: "what people ask for is no measure of health",
    events.Announce: "what people ask for is no measure of health",
}

STATISTICS = {
    events.WakeWords: "no quantity",
    events.Chosen: "counted as the wake word that it follows",
    events.Phase: _DETAIL,
    events.SpeechStart: _DETAIL,
    events.Person: "who speaks is not stored",
    events.Waiting: "the times of the stages say why",
    events.AudioEnd: _DETAIL,
    events.ServerFound: "only failures of servers are counted, as failovers",
    events.ServerLost: "only failures of servers are counted, as failovers",
    events.Timer: "what people ask for is no measure of quality",
    events.Alarm: "what people ask for is no measure of quality",
    events.Announce: "what people ask for is no measure of quality",
    events.Mute: "what people ask for is no measure of quality",
}

SNAPSHOT = {
    events.Wake: _ITS_TURN_END,
    events.NearMiss: _NO_STATE,
    events.Joined: _NO_STATE,
    events.Chosen: _NO_STATE,
    events.Yielded: _NO_STATE,
    events.Phase: "the turn manager is asked for it",
    events.SpeechStart: _ITS_TURN_END,
    events.SpeechEnd: _ITS_TURN_END,
    events.Transcript: _ITS_TURN_END,
    events.Person: _ITS_TURN_END,
    events.Reply: _ITS_TURN_END,
    events.Waiting: _ITS_TURN_END,
    events.AudioStart: _ITS_TURN_END,
    events.AudioEnd: _ITS_TURN_END,
    events.TurnEnd: "taken as the collector's row",
    events.Timer: "the timer manager is asked for what is set and what rings",
    events.Alarm: "the timer manager is asked for what is set and what rings",
    events.Announce: _NO_STATE,
    events.Mute: "the microphone is asked for it",
    events.AudioLoss: _NO_STATE,
}

VIEW = {
    events.WakeWords: "the snapshot shows the engine",
    events.Chosen: "the turn that follows is shown",
    events.SpeechStart: "the phase is shown",
    events.SpeechEnd: "the collector's row is shown",
    events.Person: "the log has it",
    events.Waiting: "the phase is shown",
    events.AudioStart: "the collector's row is shown",
    events.AudioEnd: "the phase is shown",
    events.TurnEnd: "the collector's row is shown",
}

CONSUMERS = {
    indicator: INDICATOR,
    metrics: METRICS,
    collector: STATISTICS,
    snapshot: SNAPSHOT,
    view: VIEW,
}

"""What each module leaves out, and why."""


@pytest.mark.parametrize("consumer", CONSUMERS, ids=lambda module: module.__name__)
def test_every_event_is_used_or_left_out_for_a_reason(consumer: ModuleType) -> None:
    used, unused = _used_events(consumer), set(CONSUMERS[consumer])
    assert used | unused == set(events.KINDS)
    assert not used & unused


@pytest.mark.parametrize("event", every_event(), ids=lambda event: event.kind)
def test_watch_reads_every_event(event: events.Event) -> None:
    assert view.read(msgspec.json.encode(event)) == event


def _used_events(module: ModuleType) -> set[type[events.Event]]:
    """Return the classes that a module's source names as `events.CLASS`."""
    assert module.__file__ is not None
    names = {
        node.attr
        for node in ast.walk(ast.parse(Path(module.__file__).read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "events"
    }
    return {kind for kind in events.KINDS if kind.__name__ in names}
