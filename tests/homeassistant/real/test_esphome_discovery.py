"""Home Assistant discovers our satellite as one ESPHome device, and asks for a key that it has."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest

from tests.homeassistant.real import entries, installation
from tests.homeassistant.real.api import Json
from tests.homeassistant.real.esphome_device import FLOW, need_esphome
from tests.homeassistant.real.install import NEW, need
from tests.homeassistant.real.installation import Installation
from tests.support.netns import network
from tests.support.program import satellite

pytestmark = pytest.mark.timeout(300)

KEY = base64.b64encode(bytes(range(32))).decode()


def offered(home_assistant: Installation, handler: str) -> list[Json]:
    """Return the discovered, unconfigured devices of an integration."""
    flows = home_assistant.loop.run(home_assistant.api.call("config_entries/flow/progress"))
    return [flow for flow in flows if flow["handler"] == handler]


def discovered(home_assistant: Installation) -> Json:
    """Wait for an ESPHome device; return its flow."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if flows := offered(home_assistant, "esphome"):
            (flow,) = flows
            return flow
        time.sleep(0.1)
    raise AssertionError("no ESPHome device was discovered in 30 s")


@pytest.mark.parametrize("key", ["", KEY])
def test_the_satellite_is_discovered_once(
    key: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    need_esphome()
    with network(2) as (hall, kitchen):
        folder: Path = tmp_path_factory.mktemp("kitchen")
        state = folder / "state" / "satellite"
        state.mkdir(parents=True)
        stored = {"mac": "0a0000000001", "key": key, "door": ""}
        (state / "homeassistant-kitchen.json").write_text(json.dumps(stored))
        arguments = ("--name", "kitchen", "--mic", "command:cat /dev/zero")
        arguments += ("--speaker", f"wav:{folder / 'out.wav'}")
        arguments += ("--set", "homeassistant.protocol=auto")
        with (
            satellite(folder, *arguments, prefix=kitchen.prefix) as program,
            installation.running(
                need(NEW), tmp_path_factory.mktemp("house"), hall.prefix
            ) as home_assistant,
        ):
            program.wait_for("ready")
            run, api = home_assistant.loop.run, home_assistant.api
            flow = discovered(home_assistant)
            assert flow["context"]["unique_id"] == "0a:00:00:00:00:01"
            shown = flow["context"]["title_placeholders"]["name"]
            assert shown == "kitchen (kitchen-000001)"
            step = f"{FLOW}/{flow['flow_id']}"
            done = run(api.rest("POST", step, {}))
            if key:
                assert (done["type"], done["step_id"]) == ("form", "encryption_key"), done
                done = run(api.rest("POST", step, {"noise_psk": key}))
            assert done["type"] == "create_entry", done
            run(entries.loaded(api, done["result"]["entry_id"]))
            deadline = time.monotonic() + 20
            while "Home Assistant is connected" not in program.report():
                assert time.monotonic() < deadline, program.report()
                time.sleep(0.1)
            time.sleep(3)  # the key is made, and Home Assistant connects again
            now = json.loads((state / "homeassistant-kitchen.json").read_text())
            assert (now["key"] == key) if key else len(now["key"]) == 44
            assert now["door"] == "esphome"
            assert offered(home_assistant, "wyoming") == []  # although it announces that, too
