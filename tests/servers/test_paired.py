"""The TLS port for paired satellites: it opens with the first pairing, and may be required."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from satellite.errors import PeerUnreachable
from satellite.events import Event, Ready
from satellite.net.pairing import Pairing
from satellite.net.pairing.errors import KeysUnusable
from satellite.net.remotes.describe import describe
from satellite.settings import PairingSettings, ServerSettings, Settings
from servers import app, paired
from tests.net.pairing.machines import Machine
from tests.support.peers import until


def settings(place: Path, **more: Any) -> Settings:
    """A server of one quick engine at free ports, which keeps its keys in a machine's folder."""
    server = ServerSettings(
        roles=("tts",), host="127.0.0.1", tts_port=0, tls_port=0, **more.pop("server", {})
    )
    pairing = PairingSettings(folder=str(place), **more)
    return Settings(name="den", tts="espeak", zeroconf=False, server=server, pairing=pairing)


@asynccontextmanager
async def running(chosen: Settings, ports: list[dict[str, str]]) -> AsyncGenerator[str, None]:
    """The server during this block; `ports` gets what is announced of its paired port."""
    ready: list[Event] = []
    made = paired.PairedPort.__init__

    def note(self: paired.PairedPort, *arguments: Any) -> None:
        made(self, *arguments)
        watched.append(self)

    watched: list[paired.PairedPort] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paired.PairedPort, "__init__", note)
        patch.setattr(paired, "LOOK", 0.02)
        task = asyncio.create_task(app.run(chosen, ready.append))
        try:
            await until(lambda: task.done() or ready)
            if task.done():
                task.result()
            (event,) = ready
            assert isinstance(event, Ready)
            ports.append(msgspec.to_builtins(watched[0].facts()))
            yield event.engines["tts"]
            ports.append(msgspec.to_builtins(watched[0].facts()))
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_the_port_opens_with_the_first_pairing_and_plain_clients_are_still_served(
    tmp_path: Path,
) -> None:
    den, kitchen = Machine(tmp_path, "den"), Machine(tmp_path, "kitchen")
    kitchen.knows(den)
    ports: list[dict[str, str]] = []
    async with running(settings(den.place), ports) as plain:
        assert ports == [{}], "nobody is paired yet"
        den.knows(kitchen)
        await asyncio.sleep(0.1)
    assert set(ports[1]) == {"tls", "key"}
    assert ports[1]["key"] == den.key.fingerprint
    async with running(settings(den.place), ports) as plain:
        uri = f"tls://127.0.0.1:{ports[2]['tls']}/tts"
        assert (await describe(uri, pairing=kitchen.pairing())).data["tts"][0]["name"] == "espeak"
        assert (await describe(plain, pairing=kitchen.pairing())).data["tts"]


async def test_plain_clients_are_refused_with_a_reason_if_pairing_is_required(
    tmp_path: Path,
) -> None:
    den, kitchen = Machine(tmp_path, "den"), Machine(tmp_path, "kitchen")
    den.knows(kitchen)
    kitchen.knows(den)
    ports: list[dict[str, str]] = []
    async with running(settings(den.place, required=True), ports) as plain:
        uri = f"tls://127.0.0.1:{ports[0]['tls']}/tts"
        assert (await describe(uri, pairing=kitchen.pairing())).type == "info"
        with pytest.raises(PeerUnreachable, match="but pairing is required"):
            await describe(plain, pairing=Pairing())


async def test_readable_keys_stop_the_server_with_a_remedy(tmp_path: Path) -> None:
    den = Machine(tmp_path, "den")
    den.knows(Machine(tmp_path, "kitchen"))
    (den.folder.path / "key.pem").chmod(0o644)
    with pytest.raises(KeysUnusable, match="chmod 600"):
        async with running(settings(den.place), []):
            pass
