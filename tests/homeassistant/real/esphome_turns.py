"""A turn of our satellite as an ESPHome device, checked from end to end."""

from __future__ import annotations

from tests.homeassistant.real import spoken_requests
from tests.homeassistant.real.esphome_device import EsphomeDevice
from tests.support.spoken_choice import heard

ANSWERS = ["Turned on the light", "Sorry, I did not understand.", "There is no timer running."]


def check_turn(device: EsphomeDevice) -> None:
    """Speak a request and check that it is understood and its answer is heard."""
    device.silence()
    turns = len(device.program.events("turn_end"))
    device.say(spoken_requests.request())
    device.until(lambda: len(device.program.events("turn_end")) > turns, "the end of the turn", 40)
    end = device.program.events("turn_end")[-1]
    assert end["outcome"] == "answered", device.program.report()
    transcript = [event for event in device.program.events("transcript") if event["final"]][-1]
    assert transcript["engine"] == "homeassistant"
    assert spoken_requests.words(transcript["text"]) == spoken_requests.words(spoken_requests.LAMP)
    answer = device.program.events("reply")[-1]["text"]
    device.idle()
    assert heard(device.played(), [answer, *ANSWERS]) == answer
