"""A whole turn is followed, shown and judged; without one, it is said what to check."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite import events
from satellite.builtin.audio import devices
from satellite.cli.guided_setup import whole_turn as module
from satellite.cli.guided_setup.whole_turn import TurnTrial, whole_turn
from satellite.cli.guided_setup.wizard import Wizard
from satellite.config.keys import build
from satellite.errors import DeviceMissing
from satellite.lib.bus import Bus
from satellite.listening.mute import mute_store
from satellite.settings import Settings
from tests.cli.guided_setup.test_script import NoPerson
from tests.support import requests
from tests.support.speech import noise, write_wav

READY = events.Ready(name="den", engines={})
WAKE = events.Wake(word="okay_nabu", score=0.9)


class Person(NoPerson):
    """A person who tries it once."""

    present = True

    def __init__(self) -> None:
        super().__init__()
        self.questions: list[str] = []

    async def yes(self, question: str, default: bool) -> bool:
        self.questions.append(question)
        return default


def trial(*happened: events.Event) -> tuple[TurnTrial, list[str]]:
    lines: list[str] = []
    followed = TurnTrial("okay nabu", lines.append)
    for event in happened:
        followed.take(event)
    return followed, lines


def test_a_turn_is_shown_as_it_happens() -> None:
    followed, lines = trial(
        READY,
        WAKE,
        events.SpeechEnd(mono=10.0, decided=0.0, decided_mono=10.7),
        events.Transcript(text="What time is it?", final=True, engine="whisper"),
        events.Reply(text="It is", final=False, engine="intents"),
        events.Reply(text="It is ten.", final=True, engine="intents"),
        events.AudioStart(mono=11.25),
        events.TurnEnd(outcome="answered"),
    )
    assert lines == [
        '  Say: "okay nabu, what time is it" (20 s)',
        "  + wake word: okay nabu, score 0.90",
        '  + heard: "What time is it?" (whisper)',
        '  + answer: "It is ten." (intents)',
    ]
    finding = followed.finding()
    assert (finding.state, finding.found) == ("ok", "answered, 1.2 s after the request")
    assert (followed.over, followed.answered) == (True, True)


HEARD = events.Transcript(text="what lime is it", final=True, engine="pocketsphinx")


@pytest.mark.parametrize(
    ("happened", "state", "found", "remedy"),
    [
        ([], "broken", "was not ready within 60 s", "satellite doctor"),
        ([READY], "broken", 'nothing like "okay nabu" was heard', "satellite doctor audio"),
        (
            [READY, events.NearMiss(word="okay_nabu", score=0.31)],
            "broken",
            "a score of 0.31, too low",
            "easier to wake",
        ),
        ([READY, WAKE], "broken", "no answer within 60 s", "satellite doctor servers"),
        (
            [READY, WAKE, events.Yielded(to="kitchen", word="okay_nabu", waited=0.2)],
            "warning",
            "the satellite kitchen heard you better",
            "come nearer",
        ),
        (
            [READY, WAKE, events.TurnEnd(outcome="nothing_heard")],
            "warning",
            "no request after it",
            "speak on",
        ),
        (
            [READY, WAKE, events.TurnEnd(outcome="failed", stage="asr", error="no model")],
            "broken",
            "asr: no model",
            "satellite doctor",
        ),
        ([READY, WAKE, events.TurnEnd(outcome="answered")], "broken", "no sound", "doctor audio"),
        (
            [READY, WAKE, HEARD, events.AudioStart(), events.TurnEnd(outcome="answered")],
            "note",
            'understood as "what lime is it"',
            "",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_went_wrong_is_named_with_its_remedy(
    happened: list[events.Event], state: str, found: str, remedy: str
) -> None:
    finding = trial(*happened)[0].finding()
    assert finding.state == state
    assert found in finding.found
    assert remedy in finding.remedy


def settings(folder: Path, request: Path, **more: object) -> Settings:
    return build(
        {
            "name": "den",
            "mic": f"wav:{request}",
            "speaker": f"wav:{folder / 'out.wav'}",
            "tts": "espeak:en-us+klatt6?rate=150",
            "zeroconf": False,
            **more,
        }
    )


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


async def test_the_satellite_itself_answers(tmp_path: Path) -> None:
    request = requests.spoken_request(tmp_path / "in.wav", module.REQUEST, gap=1.0)
    ask = Person()
    await whole_turn(Wizard(ask, settings(tmp_path, request)), Bus())
    shown = "\n".join(ask.lines)
    assert '+ heard: "what time is it" (pocketsphinx)' in shown
    assert '+ answer: "It is ' in shown
    assert "+ whole turn: answered, " in shown
    assert ask.questions == ["Try it all together now?", "Did you hear it?", "Try it again?"]
    assert requests.sound_in(tmp_path / "out.wav") > 0.5


async def test_silence_ends_with_the_things_to_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HEAR", 0.5)
    room = write_wav(tmp_path / "in.wav", noise(3.0, 0.001))
    ask = Person()
    await whole_turn(Wizard(ask, settings(tmp_path, room)), Bus())
    assert any("nothing like" in line for line in ask.lines)
    assert any("satellite doctor audio" in line for line in ask.lines)
    assert ask.questions == ["Try it all together now?", "Try it again?"]


async def test_a_muted_satellite_is_unmuted_first(tmp_path: Path) -> None:
    mute_store("den").write(True)
    ask = Person()
    await whole_turn(Wizard(ask, settings(tmp_path, tmp_path / "none.wav")), Bus())
    assert ask.questions[1] == "The microphone is muted. Unmute it?"
    assert mute_store("den").read() is False
    assert any(str(tmp_path / "none.wav") in line for line in ask.lines), ask.lines


async def test_without_a_microphone_nothing_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> str:
        raise DeviceMissing("no microphone found")

    monkeypatch.setattr(devices, "default_mic", missing)
    ask = Person()
    await whole_turn(Wizard(ask, settings(tmp_path, tmp_path / "none.wav", mic="auto")), Bus())
    assert ask.questions == []
    assert ask.lines[-1] == "    Not tried, as there is no microphone"


async def test_beside_a_running_satellite_there_is_nothing_to_try(tmp_path: Path) -> None:
    ask = Person()
    session = Wizard(ask, settings(tmp_path, tmp_path / "none.wav", wake="openwakeword:alexa"))
    await whole_turn(session, Bus(), running=True)
    assert ask.questions == []
    assert 'say "alexa, what time is it"' in ask.lines[-1]
