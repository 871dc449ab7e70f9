"""Home Assistant finds our services on another machine, each as a service of its own."""

from __future__ import annotations

import pytest

from tests.homeassistant.real import entries, installation
from tests.homeassistant.real.install import OLD, VERSIONS, need
from tests.homeassistant.real.services import PLATFORMS, ROLES, Services
from tests.support.netns import network

pytestmark = pytest.mark.timeout(300)

NAMES = {"asr": "pocketsphinx", "llm": "intents", "tts": "espeak", "wake": "openwakeword"}


@pytest.mark.parametrize("version", VERSIONS)
def test_each_service_is_discovered_by_name_and_configured(
    version: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    install = need(version)
    # the old version cannot use a brain and does not offer it
    names = {role: name for role, name in NAMES.items() if version != OLD or role != "llm"}
    with network(2) as (hall, cellar):
        more = ("--host", "0.0.0.0", "--set", "name=cellar")
        folder = tmp_path_factory.mktemp("services")
        services = Services(folder, ROLES, *more, prefix=cellar.prefix)
        try:
            services.start()
            folder = tmp_path_factory.mktemp("house")
            with installation.running(install, folder, hall.prefix) as home_assistant:
                run, api = home_assistant.loop.run, home_assistant.api
                flows = run(entries.discovered(api, len(names)))
                assert sorted(flows) == sorted(names.values())
                made = {}
                for role, name in names.items():
                    flow = flows[name]
                    assert flow["context"]["unique_id"].startswith(f"cellar {role}")
                    made[role] = run(entries.confirm(api, flow))
                    assert made[role].title == name
                    assert list(made[role].entities) == [PLATFORMS[role]]
                # after a restart they are the same services
                services.stop()
                services.start()
                for entry in made.values():
                    run(entries.reload(api, entry))
                assert run(entries.offered(api)) == {}
        finally:
            services.kill()
