"""The load of a server is read from its advert, without a request."""

from __future__ import annotations

import asyncio

import pytest

from satellite.net.discovery import advert as adverts
from satellite.net.discovery.advert import Advert, announce
from satellite.net.discovery.location import LOAD
from satellite.net.pairing import Pairing
from satellite.net.remotes.describe import describe
from satellite.net.uri import Tcp, parse
from servers.serve import serving
from tests.net.discovery.test_browser import LOOP, found, looking, unique
from tests.support.engines import ScriptedTts
from tests.support.peers import stranger


async def test_a_changed_load_is_known_without_a_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adverts, "REFRESH", 0.05)
    async with serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as uri:
        info = await describe(uri, pairing=Pairing())
    values = {LOAD: "0.25"}
    async with stranger({"describe": [info]}) as service, looking() as (discovery, _):
        bound = parse(service.uri)
        assert isinstance(bound, Tcp)
        speech = Advert(role="tts", bound=bound, name=unique(), facts=lambda: values)
        announcing = asyncio.create_task(announce([speech], interfaces=LOOP))
        try:
            assert (await found(discovery, speech.instance)).load == 0.25
            asked = len(service.seen)
            values = {LOAD: "1"}
            while (await found(discovery, speech.instance)).load != 1.0:
                await asyncio.sleep(0.01)
            assert len(service.seen) == asked
            values = {LOAD: "a lot"}
            while (await found(discovery, speech.instance)).load is not None:
                await asyncio.sleep(0.01)
        finally:
            announcing.cancel()
            await asyncio.wait([announcing])
