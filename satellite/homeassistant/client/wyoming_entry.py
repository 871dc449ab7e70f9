"""Whether Home Assistant has this satellite: the entry of its Wyoming integration."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Literal

from satellite.errors import EngineError
from satellite.homeassistant.client.api import Api
from satellite.homeassistant.client.socket import Socket
from satellite.lib.taskgroups import first_error

DOMAIN = "wyoming"

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
    entries = list(_rows(await socket.call("config_entries/get", domain=DOMAIN)))
    states = [entry.get("state") for entry in entries if entry.get("title") == name]
    if states:
        return "connected" if "loaded" in states else "added"
    flows = _rows(await socket.call("config_entries/flow/progress"))
    offered = (_offered_name(flow) for flow in flows if flow.get("handler") == DOMAIN)
    return "offered" if name in offered else "missing"


def _offered_name(flow: dict[str, Any]) -> Any:
    context = flow.get("context")
    shown = context.get("title_placeholders") if isinstance(context, dict) else None
    return shown.get("name") if isinstance(shown, dict) else None


def _rows(answer: Any) -> Iterator[dict[str, Any]]:
    return (row for row in answer or () if isinstance(row, dict))
