"""Our satellite as an ESPHome device of Home Assistant, which encrypts without a typed key."""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from satellite.requirements import DISTRIBUTION
from tests.homeassistant.real import assist, entries, spoken_requests
from tests.homeassistant.real.esphome_device import EsphomeDevice, esphome_device, need_esphome
from tests.homeassistant.real.esphome_turns import ANSWERS, check_turn
from tests.homeassistant.real.install import NEW
from tests.homeassistant.real.services import FurnishedHome
from tests.support.spoken_choice import heard
from tests.updates.index import add_wheel

NEWER = "999.1"
pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.parametrize("home_assistant", [NEW], indirect=True, scope="module"),
]


@pytest.fixture(scope="module")
def device(
    home: FurnishedHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EsphomeDevice]:
    """Our satellite, added to a Home Assistant with our services."""
    need_esphome()
    folder = tmp_path_factory.mktemp("esphome")
    more = ("--wake", "openwakeword:okay_nabu", "--set", "updates.check=install")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(newer_version(folder)))
        with esphome_device(home, folder, more) as device:
            device.add()
            yield device


def newer_version(folder: Path) -> Path:
    """Return an index for pip that has a newer version of the satellite alone."""
    index = folder / "index"
    index.mkdir()
    add_wheel(index, NEWER, metadata="Project-URL: Changelog, https://example.org/changes\n")
    return index


def test_home_assistant_encrypts_by_itself(device: EsphomeDevice) -> None:
    assert len(device.key) == 44
    assert device.state("assist_satellite") == "idle"


def test_a_spoken_request_is_answered(device: EsphomeDevice) -> None:
    check_turn(device)


def test_an_announcement(device: EsphomeDevice) -> None:
    device.silence()
    entity = device.entity("assist_satellite")
    text = "The quick brown fox is here."
    device.service("assist_satellite.announce", entity, message=text, preannounce=False)
    device.idle()
    assert heard(device.played(), [text, *ANSWERS]) == text


def test_an_announcement_with_the_chime(device: EsphomeDevice) -> None:
    device.silence()
    entity = device.entity("assist_satellite")
    device.service("assist_satellite.announce", entity, message="Dinner is ready.")
    device.idle()
    assert 1.0 < len(device.played()) / 32000 < 6.0


def test_a_question_is_asked_and_answered(device: EsphomeDevice) -> None:
    """`ask_question`: the satellite listens without a wake word; the answer goes to the caller."""
    wakes, turns = (len(device.program.events(kind)) for kind in ("wake", "turn_end"))
    phases = device.program.events
    asked = device.begin(
        "assist_satellite.ask_question",
        entity_id=device.entity("assist_satellite"),
        question="Which light?",
        preannounce=False,
    )
    device.until(lambda: device.phase == "listening", "listening")
    device.say(spoken_requests.lamp())
    answer = asked.result(40)["response"]
    assert spoken_requests.words(answer["sentence"]) == spoken_requests.words(spoken_requests.LAMP)
    device.until(lambda: len(phases("turn_end")) > turns, "the end of the turn")
    assert len(phases("wake")) == wakes
    device.idle()


def test_a_conversation_is_started(device: EsphomeDevice) -> None:
    turns, phases = len(device.program.events("turn_end")), device.program.events
    begun = device.begin(
        "assist_satellite.start_conversation",
        entity_id=device.entity("assist_satellite"),
        start_message="What shall I do?",
        preannounce=False,
    )
    device.until(lambda: device.phase == "listening", "listening")
    device.say(spoken_requests.lamp())
    begun.result(40)
    device.until(lambda: len(phases("turn_end")) > turns, "the end of the turn", 40)
    assert phases("turn_end")[-1]["outcome"] == "answered"
    assert phases("reply")[-1]["engine"] == "homeassistant"
    device.idle()


def test_timers(device: EsphomeDevice) -> None:
    agent = device.run(assist.built_in_agent(device.api))
    device_id = device.run(entries.device(device.api, device.entry))["id"]
    for text in ("set a timer for 4 seconds", "set a 10 minutes timer for tea"):
        said = {"text": text, "agent_id": agent, "device_id": device_id}
        device.run(device.api.rest("POST", "/api/conversation/process", said))
    timers = device.program.events
    device.until(
        lambda: {"tea"} & {event.get("name") for event in timers("timer")}, "the tea's timer"
    )
    device.until(lambda: "finished" in {event["state"] for event in timers("timer")}, "the ring")
    device.service("media_player.media_stop", device.entity("media_player"))
    device.until(lambda: "dismissed" in {event["state"] for event in timers("timer")}, "the end")


def test_the_mute_switch_and_the_volume(device: EsphomeDevice) -> None:
    switch, player = device.entity("switch", "mute"), device.entity("media_player")
    for service, muted in (("switch.turn_on", True), ("switch.turn_off", False)):
        device.service(service, switch)
        device.until(lambda m=muted: device.muted is m, "mute")
        shown = "on" if muted else "off"
        device.until(lambda s=shown: device.state("switch", "mute") == s, "switch")
    device.service("media_player.volume_set", player, volume_level=0.5)

    def volume() -> float:
        state = device.run(device.api.state(player))
        return float(state["attributes"]["volume_level"]) if state else 0.0

    device.until(lambda: abs(volume() - 0.5) < 0.01, "the volume")
    device.service("media_player.volume_set", player, volume_level=1.0)


def test_a_newer_version_is_shown_and_its_installation_asked_for(device: EsphomeDevice) -> None:
    """These tests run a checkout, which pip cannot replace: the log says so."""
    entity = device.entity("update")
    device.service("homeassistant.update_entity", entity)
    device.until(lambda: device.state("update") == "on", "a newer version", 120)
    state = device.run(device.api.state(entity))
    assert state is not None
    shown = state["attributes"]
    assert (shown["latest_version"], shown["in_progress"]) == (NEWER, False)
    assert shown["installed_version"] == version(DISTRIBUTION)
    assert shown["release_url"] == "https://example.org/changes"
    device.service("update.install", entity)
    refused = "not updated: this satellite cannot update itself: "
    device.until(lambda: refused in device.program.report(), "the refusal", 120)
    assert device.state("update") == "on"


def test_readings(device: EsphomeDevice) -> None:
    assert device.state("sensor", "engines").startswith("wake: openwakeword, asr: pocketsphinx")
    device.until(lambda: float(device.state("sensor", "score")) > 20, "the score of a wake word")


def test_settings_are_changed_and_used_at_once(device: EsphomeDevice) -> None:
    changes = (
        ("select", "follow_up", "select.select_option", "option", "Never", "After questions"),
        ("select", "sensitivity", "select.select_option", "option", "Low", "Usual"),
        ("number", "microphone_gain", "number.set_value", "value", "1.5", "1.0"),
    )
    for platform, name, service, field, other, usual in changes:
        for value in (other, usual):
            device.service(service, device.entity(platform, name), **{field: value})
            device.until(lambda p=platform, n=name, v=value: device.state(p, n) == v, name)
    for service, state in (("switch.turn_off", "off"), ("switch.turn_on", "on")):
        device.service(service, device.entity("switch", "stop_words"))
        device.until(lambda s=state: device.state("switch", "stop_words") == s, "stop words")
    log = device.program.errors()
    for path in ("listen.follow_up", "listen.sensitivity", "sound.mic_volume", "listen.stop_words"):
        assert log.count(f"in use now: {path}") == 2
    assert not device.state("sensor", "microphone_level")  # until a person enables it


def test_a_request_is_begun_by_the_button(device: EsphomeDevice) -> None:
    def listened() -> int:
        return sum(event["phase"] == "listening" for event in device.program.events("phase"))

    before = listened()
    device.service("button.press", device.entity("button", "talk"))
    device.until(lambda: listened() > before, "listening")
    device.service("button.press", device.entity("button", "stop"))
    device.idle()


def test_a_wake_word_is_switched_off_and_on(device: EsphomeDevice) -> None:
    entity = device.entity("select", "wake_word")
    state = device.run(device.api.state(entity))
    assert state is not None
    assert state["state"] == "okay nabu", state
    device.service("select.select_option", entity, option="no_wake_word")
    time.sleep(0.5)
    wakes = len(device.program.events("wake"))
    device.say(spoken_requests.request())
    time.sleep(4)
    assert len(device.program.events("wake")) == wakes
    device.service("select.select_option", entity, option="okay nabu")
    time.sleep(0.5)
    for _ in range(3):  # a busy machine loses sound
        device.say(spoken_requests.request())
        time.sleep(5)
        if len(device.program.events("wake")) > wakes:
            break
    assert len(device.program.events("wake")) > wakes
    device.idle()


def test_the_satellite_is_restarted(device: EsphomeDevice) -> None:
    """Home Assistant is back within three seconds; `python -m tests.soak.esphome` does it often."""
    device.stop()
    device.start()
    assert device.until(lambda: device.connections, "the connection") < 3
    device.until(lambda: device.state("assist_satellite") == "idle", "the satellite")


def test_home_assistant_is_killed_within_a_run(device: EsphomeDevice) -> None:
    turns = len(device.program.events("turn_end"))
    transcripts = len(device.program.events("transcript"))
    device.say(spoken_requests.request())
    device.until(lambda: len(device.program.events("speech_start")) > turns, "the request")
    device.home.home_assistant.kill()
    killed = time.time()
    device.until(lambda: len(device.program.events("turn_end")) > turns, "the end of the turn", 40)
    assert device.program.events("turn_end")[-1]["outcome"] == "answered"
    assert device.program.events("failover")[-1]["to"] == "local"
    assert len(device.program.events("transcript")) > transcripts
    assert time.time() - killed < 20
    device.home.home_assistant.start()
    device.until(lambda: device.state("assist_satellite") == "idle", "the satellite", 60)
