"""A wake word of Home Assistant's own folder, chosen there and heard here."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from satellite.builtin.wake.tflite import package_folder
from tests.homeassistant.real import spoken_requests
from tests.homeassistant.real.esphome_device import esphome_device, need_esphome
from tests.homeassistant.real.install import NEW
from tests.homeassistant.real.services import FurnishedHome

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.parametrize("home_assistant", [NEW], indirect=True, scope="module"),
]


def put_word(folder: Path) -> None:
    """Put the model of "okay nabu", of which there are recordings, under another name."""
    models = package_folder("pymicro_wakeword") / "models"
    description = json.loads((models / "okay_nabu.json").read_text())
    folder.mkdir()
    (folder / "hello_house.tflite").write_bytes((models / description["model"]).read_bytes())
    description |= {"type": "micro", "wake_word": "Hello House", "model": "hello_house.tflite"}
    (folder / "hello_house.json").write_text(json.dumps(description))


def test_a_word_of_its_folder_is_chosen_and_heard(home: FurnishedHome, tmp_path: Path) -> None:
    need_esphome()
    put_word(home.home_assistant.words)
    file = tmp_path / "config.toml"
    file.write_text('wake = "microwakeword:hey_jarvis"\n')
    with esphome_device(home, tmp_path, ("--config", str(file))) as device:
        device.add()
        select = device.entity("select", "wake_word")
        device.service("select.select_option", select, option="hello house")
        device.until(lambda: "hello_house" in file.read_text(), "the changed setting")
        device.until(lambda: device.state("select", "wake_word") == "hello house", "the choice")
        for _ in range(3):  # a busy machine loses sound
            device.say(spoken_requests.request())
            time.sleep(5)
            if device.program.events("wake"):
                break
        assert device.program.events("wake")[0]["word"] == "hello_house"
        device.idle()
