"""A question of Home Assistant is answered without the wake word, in the same conversation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.homeassistant.real import satellite as satellites
from tests.homeassistant.real import services as served
from tests.homeassistant.real.install import NEW
from tests.homeassistant.real.installation import Installation
from tests.homeassistant.real.satellite import RealSatellite
from tests.homeassistant.real.services import FurnishedHome
from tests.homeassistant.real.wyoming_tap import HOME, OURS
from tests.support import recordings
from tests.support.speech import silence, speak

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.parametrize("home_assistant", [NEW], indirect=True, scope="module"),
]

SENTENCES = """
language: en
intents:
  Bored:
    data: [{sentences: ["tell me a story"]}]
  Sailor:
    data: [{sentences: ["the one about the sailor"]}]
responses:
  intents:
    Bored: {default: "Which one do you want to hear?"}
    Sailor: {default: "There was a sailor who came home."}
"""


@pytest.fixture(scope="module")
def home(
    home_assistant: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FurnishedHome]:
    """A Home Assistant with our services, whose brain asks a question."""
    sentences: Path = tmp_path_factory.mktemp("sentences")
    (sentences / "story.yaml").write_text(SENTENCES)
    more = ("--asr", f"pocketsphinx:{sentences}", "--llm", f"intents?sentences={sentences}")
    folder = tmp_path_factory.mktemp("services")
    with served.furnished(home_assistant, folder, served.ROLES, *more) as furnished:
        yield furnished


@pytest.fixture(scope="module")
def satellite(
    role: None, home: FurnishedHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealSatellite]:
    with satellites.connected_satellite(home, tmp_path_factory.mktemp("kitchen")) as connected:
        yield connected


def test_a_question_is_answered_without_the_wake_word(satellite: RealSatellite) -> None:
    asking = len(satellite.home.taps["llm"].events)
    mark = satellite.ask(recordings.okay_nabu() + silence(0.1) + speak("tell me a story"))
    question = satellite.wait("synthesize", mark, sender=HOME)
    assert question.data["text"] == "Which one do you want to hear?"
    played = satellite.wait("played", mark, sender=OURS)
    mark = satellite.tap.events.index(played)
    again = satellite.wait("run-pipeline", mark, 5.0, OURS)
    assert (again.data["start_stage"], again.data["end_stage"]) == ("asr", "tts")
    assert again.at - played.at < 1.0
    satellite.say(silence(0.5) + speak("the one about the sailor"))
    answer = satellite.wait("synthesize", mark, sender=HOME)
    assert answer.data["text"] == "There was a sailor who came home."
    satellite.wait("played", satellite.tap.events.index(answer), sender=OURS)
    satellite.idle()
    asked = satellite.home.taps["llm"].since(asking, HOME, "transcript")
    assert len({event.data["context"]["conversation_id"] for event in asked}) == 1
    # an answer without a question ends the conversation
    last = len(satellite.tap.events)
    assert "run-pipeline" not in satellite.tap.types(last, OURS)


def test_silence_after_a_question_ends_the_conversation(satellite: RealSatellite) -> None:
    mark = satellite.ask(recordings.okay_nabu() + silence(0.1) + speak("tell me a story"))
    played = satellite.wait("played", mark, sender=OURS)
    mark = satellite.tap.events.index(played)
    satellite.wait("run-pipeline", mark, 5.0, OURS)
    satellite.idle(40.0)
    asked = satellite.tap.since(mark, OURS, "run-pipeline")
    assert len(asked) == 1
