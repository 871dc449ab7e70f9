"""Home Assistant finds our satellite on another machine, beside the services that run there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.homeassistant.real import entries, installation
from tests.homeassistant.real.access_tokens import write_token
from tests.homeassistant.real.install import NEW, need
from tests.homeassistant.real.services import Services
from tests.support.netns import network
from tests.support.program import satellite

pytestmark = pytest.mark.timeout(300)


def set_up(folder: Path, *arguments: str, prefix: tuple[str, ...]) -> str:
    """Run the setup; return its screen."""
    command = [*prefix, sys.executable, "-m", "satellite", "setup", "--yes", "--name", "kitchen"]
    devices = ("--mic", "command:cat /dev/zero", "--speaker", f"wav:{folder / 'none.wav'}")
    file = ("--output", str(folder / "satellite.toml"))
    done = subprocess.run(
        [*command, *devices, *file, *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_satellite_is_discovered_apart_from_the_servers(
    role: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    install = need(NEW)
    with network(2) as (hall, kitchen):
        folder = tmp_path_factory.mktemp("kitchen")
        more = ("--host", "0.0.0.0", "--set", "name=kitchen")
        services = Services(folder, ("asr", "tts"), *more, prefix=kitchen.prefix)
        arguments = ("--name", "kitchen", "--mic", "command:cat /dev/zero")
        arguments += ("--speaker", f"wav:{folder / 'out.wav'}")
        try:
            services.start()
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
                write_token(home_assistant, folder / "token")
                prefix = tuple(hall.prefix)
                shown = set_up(folder, prefix=prefix)
                url = re.search(r"\+ Home Assistant .* at (http://\S+)", shown)
                assert url is not None, shown
                home = ("--home", url[1], "--token-file", str(folder / "token"))
                shown = set_up(folder, *home, prefix=prefix)
                assert f"Home Assistant at {url[1]} answers and accepts the token" in shown
                assert 'Home Assistant offers the satellite "kitchen"' in shown
                entry = run(entries.confirm(api, flows["kitchen"]))
                assert entry.title == "kitchen"
                assert "assist_satellite" in entry.entities
                unique = flows["kitchen"]["context"]["unique_id"]
                assert unique == "kitchen satellite._wyoming._tcp.local._kitchen"
                shown = set_up(folder, prefix=prefix)
                assert 'Home Assistant has this satellite: "kitchen"' in shown
        finally:
            services.kill()
