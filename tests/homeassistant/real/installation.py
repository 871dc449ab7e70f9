"""A Home Assistant process with a fresh configuration."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.homeassistant.real.api import Api, Refused
from tests.homeassistant.real.background_loop import BackgroundLoop
from tests.homeassistant.real.install import Install
from tests.support.ports import free_port

LAMP = "input_boolean.living_room_lamp"
"""The only entity, named "living room lamp" and exposed to assistants."""

_STOP = 60.0
"""Seconds to stop; Home Assistant gives its integrations 30 s or so."""

_CONFIGURATION = """
homeassistant:
  name: Test
  latitude: 0
  longitude: 0
  elevation: 0
  unit_system: metric
  time_zone: UTC
  country: US
  internal_url: http://127.0.0.1:{port}
http:
  server_host: 127.0.0.1
  server_port: {port}
api:
config:
zeroconf:
conversation:
media_source:
assist_pipeline:
input_boolean:
  living_room_lamp:
    name: living room lamp
logger:
  default: warning
  logs:
    homeassistant.components.wyoming: debug
    homeassistant.components.assist_pipeline: debug
    homeassistant.components.assist_satellite: debug
    homeassistant.components.zeroconf: debug
"""

# only the user step remains; the other steps need the Internet
_ONBOARDED = {
    "version": 4,
    "minor_version": 1,
    "key": "onboarding",
    "data": {"done": ["core_config", "analytics", "integration"]},
}


class Installation:
    """A Home Assistant process; `api` is its connection while it runs."""

    def __init__(
        self,
        install: Install,
        folder: Path,
        loop: BackgroundLoop,
        prefix: Sequence[str] = (),
        integrations: Sequence[str] = (),
    ) -> None:
        """`prefix` precedes the command, for example to run it in a network namespace.

        `integrations` are configured besides those of every test.
        """
        self.install = install
        self.port = free_port()
        self.loop = loop
        self._folder = folder
        self._prefix = prefix
        self._integrations = integrations
        self.api = Api(f"http://127.0.0.1:{self.port}", self._relay if prefix else None)
        self._process: subprocess.Popen[bytes] | None = None
        self._configure()

    @property
    def version(self) -> str:
        return self.install.version

    @property
    def alive(self) -> bool:
        """Whether the process was started and neither stopped nor killed since."""
        return self._process is not None

    def start(self) -> float:
        """Start Home Assistant and connect; return the seconds until it ran."""
        began = time.monotonic()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._prefix, *self.install.command(self._folder)],
                env=self.install.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.loop.run(self.api.open())
            self.loop.run(self._settle())
        except BaseException as error:
            error.add_note(self.log()[-4000:])
            raise
        return time.monotonic() - began

    def stop(self) -> float:
        """Stop Home Assistant as a user would; return the seconds it took."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill Home Assistant."""
        self._end(signal.SIGKILL)

    def resident(self) -> int:
        """Return the resident memory in bytes."""
        assert self._process is not None
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def log(self) -> str:
        """Return the log so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def _relay(self) -> Path:
        return self._folder / "relay"

    @property
    def _log(self) -> Path:
        return self._folder / "house.log"

    @property
    def words(self) -> Path:
        """The folder of a person's own wake words."""
        return self._folder / "custom_wake_words"

    def _configure(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        configuration = _CONFIGURATION.format(port=self.port)
        configuration += "".join(f"{name}:\n" for name in self._integrations)
        (self._folder / "configuration.yaml").write_text(configuration)
        storage = self._folder / ".storage"
        storage.mkdir(exist_ok=True)
        (storage / "onboarding").write_text(json.dumps(_ONBOARDED))

    async def _settle(self) -> None:
        """Confirm the HTTP port; without it, Home Assistant restarts after 5 minutes."""
        try:
            await self.api.call("http/config/promote")
        except Refused:
            return  # an older version, or confirmed before

    def _end(self, number: int) -> float:
        began = time.monotonic()
        if self._process is None:
            return 0.0
        if number == signal.SIGKILL:  # before closing the connection, as in a power failure
            self._signal(number)
        self.loop.run(self.api.close())
        self._signal(number)
        try:
            self._process.wait(_STOP)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait(10)
            raise AssertionError(f"Home Assistant did not stop:\n{self.log()[-4000:]}") from None
        finally:
            self._process = None
        return time.monotonic() - began

    def _signal(self, number: int) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            os.killpg(self._process.pid, number)

    @contextmanager
    def reachable(self) -> Iterator[None]:
        """Make the API reachable during this block, from a network namespace, too."""
        if not self._prefix:
            yield
            return
        module = "tests.homeassistant.real.relay"
        command = [*self._prefix, sys.executable, "-m", module, str(self._relay), str(self.port)]
        with subprocess.Popen(command, cwd=Path(__file__).parents[3]) as relay:
            try:
                yield
            finally:
                relay.kill()


@contextmanager
def running(
    install: Install, folder: Path, prefix: Sequence[str] = (), integrations: Sequence[str] = ()
) -> Iterator[Installation]:
    """Run a new Home Assistant during this block."""
    with BackgroundLoop() as loop:
        home_assistant = Installation(install, folder, loop, prefix, integrations)
        try:
            with home_assistant.reachable():
                home_assistant.start()
                expose = {"assistants": ["conversation"], "entity_ids": [LAMP]}
                kind = "homeassistant/expose_entity"
                loop.run(home_assistant.api.call(kind, should_expose=True, **expose))
                yield home_assistant
        finally:
            home_assistant.kill()
