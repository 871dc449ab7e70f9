"""Config entries: adding our services and satellites to Home Assistant as a user does."""

from __future__ import annotations

import asyncio

import msgspec

from tests.homeassistant.real.api import Api, Json, Refused

_FLOW = "/api/config/config_entries/flow"
_LOAD = 30.0
"""Seconds to load an entry, during which Home Assistant describes the service more than once."""


class Entry(msgspec.Struct, frozen=True):
    """A config entry of a service; `entities` are entity ids by platform."""

    id: str
    title: str
    entities: dict[str, list[str]]


async def add(api: Api, port: int, host: str = "127.0.0.1") -> Entry:
    """Add a service by its address. Raises `Refused`."""
    form = await api.rest("POST", _FLOW, {"handler": "wyoming"})
    answer = {"host": host, "port": port}
    done = await api.rest("POST", f"{_FLOW}/{form['flow_id']}", answer)
    return await _made(api, done)


async def offered(api: Api) -> dict[str, Json]:
    """Return the flows of discovered, unconfigured services, by displayed name."""
    return {
        flow["context"]["title_placeholders"]["name"]: flow
        for flow in await api.call("config_entries/flow/progress")
        if flow["handler"] == "wyoming" and flow["context"]["source"] == "zeroconf"
    }


async def discovered(api: Api, count: int, timeout: float = 30.0) -> dict[str, Json]:
    """Wait for `count` discovered services; return their flows by displayed name."""
    found: dict[str, Json] = {}
    try:
        async with asyncio.timeout(timeout):
            while len(found) < count:
                found = await offered(api)
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"after {timeout} s only these were discovered: {found}") from None
    return found


async def confirm(api: Api, flow: Json) -> Entry:
    """Confirm a discovered service. Raises `Refused`."""
    return await _made(api, await api.rest("POST", f"{_FLOW}/{flow['flow_id']}", {}))


async def remove(api: Api, entry: Entry) -> None:
    """Delete an entry."""
    await api.rest("DELETE", f"/api/config/config_entries/entry/{entry.id}")


async def reload(api: Api, entry: Entry) -> None:
    """Unload and load an entry."""
    await api.rest("POST", f"/api/config/config_entries/entry/{entry.id}/reload")
    await loaded(api, entry.id)


async def loaded(api: Api, entry: str, timeout: float = _LOAD) -> None:
    """Wait until an entry is loaded."""
    state = ""
    try:
        async with asyncio.timeout(timeout):
            while state != "loaded":
                entries = await api.call("config_entries/get")
                (state,) = [item["state"] for item in entries if item["entry_id"] == entry]
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"the entry is {state} after {timeout} s") from None


async def device(api: Api, entry: Entry) -> Json:
    """Return the only device of an entry."""
    devices: list[Json] = await api.call("config/device_registry/list")
    (one,) = [item for item in devices if entry.id in item["config_entries"]]
    return one


async def entity(api: Api, entry: Entry, what: str) -> str:
    """Return the entity of an entry by the end of its unique id."""
    for item in await api.call("config/entity_registry/list"):
        if item["config_entry_id"] == entry.id and item["unique_id"].endswith(what):
            return str(item["entity_id"])
    raise AssertionError(f"the entry has no entity {what}")


async def _made(api: Api, done: Json) -> Entry:
    if done["type"] != "create_entry":
        raise Refused(f"no entry was made: {done}")
    identity = done["result"]["entry_id"]
    await loaded(api, identity)
    entities: dict[str, list[str]] = {}
    for item in await api.call("config/entity_registry/list"):
        if item["config_entry_id"] == identity:
            platform = item["entity_id"].partition(".")[0]
            entities.setdefault(platform, []).append(item["entity_id"])
    return Entry(identity, done["title"], entities)
