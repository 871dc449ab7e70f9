"""Whether Home Assistant has this satellite: the entry of its ESPHome or Wyoming integration."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Literal

from satellite.errors import EngineError
from satellite.homeassistant.client.api import Api
from satellite.homeassistant.client.socket import Socket
from satellite.lib.taskgroups import first_error

DOMAINS = ("esphome", "wyoming")
"""The integrations that can have it."""

EntryState = Literal["connected", "added", "offered", "missing"]
"""`connected`: the entry is loaded. `added`: it is not loaded now, as the satellite does not run.
`offered`: Home Assistant has discovered the satellite, and waits for a person to add it."""


async def entry_state(api: Api, name: str) -> EntryState:
    """Return the state of the satellite `name` in Home Assistant. Raises `EngineError`.

    Home Assistant names an entry after the satellite, and shows no other program its address.
    """
    with first_error(EngineError):
        async with api.socket() as socket, asyncio.TaskGroup() as tasks:
            running = tasks.create_task(socket.run())
            try:
                return await _state(socket, name)
            finally:
                running.cancel()


async def _state(socket: Socket, name: str) -> EntryState:
    entries = [
        entry
        for domain in DOMAINS
        for entry in _rows(await socket.call("config_entries/get", domain=domain))
    ]
    states = [entry.get("state") for entry in entries if entry.get("title") == name]
    if states:
        return "connected" if "loaded" in states else "added"
    flows = _rows(await socket.call("config_entries/flow/progress"))
    names = (_offered_name(flow) for flow in flows if flow.get("handler") in DOMAINS)
    # ESPHome's integration adds the name of the host in brackets
    offered = any(found == name or str(found).startswith(f"{name} (") for found in names)
    return "offered" if offered else "missing"


def _offered_name(flow: dict[str, Any]) -> Any:
    context = flow.get("context")
    shown = context.get("title_placeholders") if isinstance(context, dict) else None
    return shown.get("name") if isinstance(shown, dict) else None


def _rows(answer: Any) -> Iterator[dict[str, Any]]:
    return (row for row in answer or () if isinstance(row, dict))
