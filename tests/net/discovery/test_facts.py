"""Adverts follow the changes of their service."""

from __future__ import annotations

import asyncio

import pytest
from zeroconf.asyncio import AsyncServiceInfo

from satellite.net.discovery import advert as adverts
from satellite.net.discovery.advert import Advert, announce
from satellite.net.discovery.mdns import TYPE, multicast
from satellite.net.uri import Tcp
from tests.net.discovery.test_browser import LOOP, PATIENCE, unique


async def asked(name: str) -> AsyncServiceInfo:
    """Return the advert that a machine receives which was just switched on."""
    service = AsyncServiceInfo(TYPE, f"{name}.{TYPE}")
    while True:
        async with multicast(LOOP) as member:
            if await service.async_request(member.zeroconf, 1000):
                return service


async def test_a_changed_engine_is_announced_under_the_same_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adverts, "REFRESH", 0.05)
    values = {"engine": "espeak"}
    spoken = Advert(role="tts", bound=Tcp("127.0.0.1", 10299), name=unique(), facts=lambda: values)
    names: asyncio.Future[tuple[str, ...]] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(announce([spoken], interfaces=LOOP, on_announced=names.set_result))
    try:
        async with asyncio.timeout(PATIENCE):
            name = (await names)[0]
            first = await asked(name)
            assert first.decoded_properties["engine"] == "espeak"
            values = {"engine": "piper"}
            while (now := await asked(name)).decoded_properties["engine"] != "piper":
                pass
        assert (now.port, now.server) == (first.port, first.server)
        assert now.parsed_addresses() == first.parsed_addresses()
    finally:
        task.cancel()
        await asyncio.wait([task])
