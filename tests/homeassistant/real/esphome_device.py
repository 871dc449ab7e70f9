"""Our satellite as an ESPHome device of a real Home Assistant."""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr

from tests.homeassistant.real import entries
from tests.homeassistant.real.api import Refused
from tests.homeassistant.real.entries import Entry
from tests.homeassistant.real.install import NEW, need
from tests.homeassistant.real.services import VOICE, FurnishedHome
from tests.support import loudspeaker, microphone
from tests.support.ports import free_port
from tests.support.program import Program, satellite

NAME = "esphome_satellite"
FLOW = "/api/config/config_entries/flow"
_SUPPORT = Path(microphone.__file__).parent


def need_esphome() -> None:
    """Skip a test where Home Assistant has not what its integration of ESPHome imports."""
    if not (need(NEW).folder / "esphome-complete").exists():
        pytest.skip("ESPHome's packages are missing: tests/support/install_home_assistant.sh")


class EsphomeDevice:
    """The satellite with its microphone, its speaker, and its entry in Home Assistant."""

    def __init__(self, home: FurnishedHome, folder: Path, wake: Sequence[str]) -> None:
        self.home, self.api, self.folder = home, home.api, folder
        self.run = home.home_assistant.loop.run
        self.port = free_port()
        self._wake = wake
        self.entry: Entry
        self.program: Program
        self._stack = ExitStack()
        self._starts = 0
        self._silenced = 0
        for name in ("microphone", "speaker"):
            (folder / name).mkdir()

    def start(self) -> None:
        """Start the satellite and wait until it listens."""
        self._starts += 1
        python = sys.executable
        arguments = (
            *("--name", NAME, "--area", "Kitchen", "--no-zeroconf", "--tts", VOICE),
            *("--mic", f"command:{python} {_SUPPORT / 'microphone.py'} {self.folder}/microphone"),
            *("--speaker", f"command:{python} {_SUPPORT / 'loudspeaker.py'} {self.folder}/speaker"),
            *("--listen", "", "--set", "cues.awake=false", *self._wake),
            *("--set", "homeassistant.protocol=esphome"),
            *("--set", f"homeassistant.esphome=tcp://127.0.0.1:{self.port}"),
        )
        started = satellite(self.folder, *arguments, name=f"satellite-{self._starts}")
        self.program = self._stack.enter_context(started)
        self.program.wait_for("ready")

    def stop(self, kill: bool = False) -> None:
        """Stop the satellite as systemd does, or kill it."""
        if not kill and self.program.process.poll() is None:
            self.program.stop()
        self._stack.close()

    @property
    def key(self) -> str:
        """The key that the satellite has stored, as Home Assistant asks for it."""
        (file,) = (self.folder / "state" / "satellite").glob("homeassistant-*.json")
        return str(json.loads(file.read_text())["key"])

    @property
    def phase(self) -> str:
        """The satellite's phase, by its events."""
        return str([{"phase": "idle"}, *self.program.events("phase")][-1]["phase"])

    @property
    def muted(self) -> bool:
        """Whether the satellite is muted, by its events."""
        return bool([{"muted": False}, *self.program.events("mute")][-1]["muted"])

    def add(self, key: str = "") -> None:
        """Add the satellite as a user does who types its address, and its key if asked for it."""
        form = self.run(self.api.rest("POST", FLOW, {"handler": "esphome"}))
        step = f"{FLOW}/{form['flow_id']}"
        done = self.run(self.api.rest("POST", step, {"host": "127.0.0.1", "port": self.port}))
        if done["type"] == "form" and done["step_id"] == "encryption_key":
            wrong = base64.b64encode(bytes(31) + b"\1").decode()
            done = self.run(self.api.rest("POST", step, {"noise_psk": wrong}))
            assert done["errors"] == {"base": "invalid_psk"}, done
            done = self.run(self.api.rest("POST", step, {"noise_psk": key}))
        if done["type"] != "create_entry":
            raise Refused(f"no entry was made: {done}")
        identity = done["result"]["entry_id"]
        self.run(entries.loaded(self.api, identity))
        self.entry = Entry(identity, done["title"], {})
        if not key:  # Home Assistant makes one, and connects again with it
            self.until(lambda: self.connections > 1, "the encrypted connection")
        self.until(lambda: self.state("assist_satellite") == "idle", "the satellite")

    @property
    def connections(self) -> int:
        """How often Home Assistant has connected since the satellite was started, by its log."""
        return self.program.report().count("Home Assistant is connected")

    def entity(self, platform: str, name: str = "") -> str:
        """Return the entity of a platform whose id contains a name, the shortest of several."""
        found = [
            str(item["entity_id"])
            for item in self.run(self.api.call("config/entity_registry/list"))
            if item["config_entry_id"] == self.entry.id
            and item["entity_id"].startswith(f"{platform}.")
            and name in item["entity_id"]
        ]
        return min(found, key=len, default=f"{platform}.none")

    def state(self, platform: str, name: str = "") -> str:
        """Return the state of an entity, empty if there is none."""
        state = self.run(self.api.state(self.entity(platform, name)))
        return str(state["state"]) if state else ""

    def service(self, name: str, entity: str, **data: Any) -> None:
        """Call a service of an entity."""
        self.run(self.api.service(name, entity_id=entity, **data), 60)

    def begin(self, name: str, **data: Any) -> Future[Any]:
        """Call a service that takes as long as a conversation; return its future answer."""
        domain, _, service = name.partition(".")
        asked = {"domain": domain, "service": service, "service_data": data}
        asked["return_response"] = service == "ask_question"
        return self.home.home_assistant.loop.submit(self.api.call("call_service", **asked))

    def until(self, true: Callable[[], Any], what: str, seconds: float = 20.0) -> float:
        """Wait until something is true; return the seconds it took."""
        began = time.monotonic()
        while not true():
            if time.monotonic() - began > seconds:
                raise AssertionError(f"{what}: not within {seconds} s\n{self.program.report()}")
            time.sleep(0.02)
        return time.monotonic() - began

    def say(self, pcm: bytes) -> None:
        """Play speech to the satellite."""
        microphone.say(self.folder / "microphone", pcm)

    def idle(self) -> None:
        """Wait until the satellite and Home Assistant are idle."""
        self.until(lambda: self.phase == "idle", "idle")
        self.until(lambda: self.state("assist_satellite") == "idle", "Home Assistant's idle")

    def silence(self) -> None:
        """Discard the sound played so far."""
        self._silenced = len(self._sounds())

    def played(self) -> bytes:
        """Return the sound played since `silence`, as 16 kHz mono."""
        raw = b"".join(file.read_bytes() for file in self._sounds()[self._silenced :])
        samples = np.frombuffer(raw, "<i2") / 32768
        return (soxr.resample(samples, loudspeaker.RATE, 16000) * 32767).astype("<i2").tobytes()

    def _sounds(self) -> list[Path]:
        return sorted((self.folder / "speaker").glob("*.raw"))


@contextmanager
def esphome_device(
    home: FurnishedHome, folder: Path, wake: Sequence[str] = ("--wake", "openwakeword:okay_nabu")
) -> Iterator[EsphomeDevice]:
    """Run a satellite, which is not added yet, during this block; `wake` names its wake words."""
    device = EsphomeDevice(home, folder, wake)
    try:
        device.start()
        yield device
    except AssertionError as error:
        error.add_note(device.program.report())
        error.add_note(home.home_assistant.log()[-3000:])
        raise
    finally:
        device.stop(kill=True)
