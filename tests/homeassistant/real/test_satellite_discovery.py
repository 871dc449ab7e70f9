"""Home Assistant finds our satellite on another machine, beside the services that run there."""

from __future__ import annotations

import pytest

from tests.homeassistant.real import entries, installation
from tests.homeassistant.real.install import NEW, need
from tests.homeassistant.real.services import Services
from tests.support.netns import network
from tests.support.program import satellite

pytestmark = pytest.mark.timeout(300)


def test_the_satellite_is_discovered_apart_from_the_servers(
    role: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    install = need(NEW)
    with network(2) as (hall, kitchen):
        folder = tmp_path_factory.mktemp("kitchen")
        more = ("--host", "0.0.0.0", "--set", "name=kitchen")
        services = Services(folder, ("asr", "tts"), *more, prefix=kitchen.prefix)
        services.start()
        arguments = ("--name", "kitchen", "--mic", "command:cat /dev/zero")
        arguments += ("--speaker", f"wav:{folder / 'out.wav'}")
        try:
            with (
                satellite(folder, *arguments, prefix=kitchen.prefix) as program,
                installation.running(
                    install, tmp_path_factory.mktemp("house"), hall.prefix
                ) as home_assistant,
            ):
                program.wait_for("ready")
                run, api = home_assistant.loop.run, home_assistant.api
                flows = run(entries.discovered(api, 3))
                assert sorted(flows) == ["espeak", "kitchen", "pocketsphinx"]
                entry = run(entries.confirm(api, flows["kitchen"]))
                assert entry.title == "kitchen"
                assert "assist_satellite" in entry.entities
                unique = flows["kitchen"]["context"]["unique_id"]
                assert unique == "kitchen satellite._wyoming._tcp.local._kitchen"
        finally:
            services.kill()
