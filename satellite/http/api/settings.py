"""The settings: listed with their explanations, checked, and saved into the file."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from satellite.config.edit import SettingsFile
from satellite.config.keys import Key
from satellite.errors import UsageError
from satellite.http.api.rights import require_log_in
from satellite.http.api.route import JSON, ApiRoute, body_of, json_answer
from satellite.http.auth import LOCAL
from satellite.http.route import caller
from satellite.net.memory_budget import MemoryBudget
from satellite.ports import ROLES
from satellite.text.redact import masked


class SettingRow(msgspec.Struct, frozen=True):
    """A setting and its value."""

    key: str
    value: Any
    origin: str
    """The place that sets it: a file, a flag, the environment, or `default`."""
    explanation: str
    type: str
    unit: str
    default: str | None
    """None where a value is required."""
    fixed: bool
    """Whether a flag or the environment sets it, so that the file has no effect."""


class SettingList(msgspec.Struct, frozen=True):
    """The settings, and the file that is written."""

    file: str
    settings: tuple[SettingRow, ...]


class NewValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Values of settings by key, such as `listen.silence`."""

    values: dict[str, Any]


class CheckAnswer(msgspec.Struct, frozen=True):
    """The faults of the values; none where they can be saved."""

    problems: tuple[str, ...]


class SaveAnswer(msgspec.Struct, frozen=True):
    """What was written."""

    file: str
    changed: tuple[str, ...]
    """The settings that have another value in the file now."""
    copy: str | None
    """The file's previous content."""
    restart: tuple[str, ...]
    """Those of them that the program uses after a restart; the others it uses now."""


_PROGRAM = re.compile(r"(?<![\w-])command(?![\w-])", re.IGNORECASE)
"""The components that run a program, `command:...` and `command?...`, alone or in a chain."""

_ACCESS = re.compile(r"allow|http\..*|pairing\..*")
"""The settings that decide which clients are let in: a browser that is logged out again must not
have left itself another way."""

_WHERE = "the file that GET /api/settings names, or run satellite setup"

Reload = Callable[[], Awaitable[tuple[str, ...]]]
"""Reads the settings again, and returns those that take a restart."""


def setting_routes(
    file: SettingsFile, memory: MemoryBudget, reload: Reload | None = None
) -> list[ApiRoute]:
    """Return the routes; without `reload`, everything takes a restart."""
    handlers = _Handlers(file, memory, reload)
    return [
        ApiRoute(
            method="GET",
            path="/api/settings",
            summary="List every setting with its explanation, value and origin",
            handler=handlers.listed,
            gives={JSON: SettingList},
        ),
        ApiRoute(
            method="POST",
            path="/api/settings/check",
            summary="Check values of settings, and save nothing",
            handler=handlers.check,
            takes={JSON: NewValues},
            gives={JSON: CheckAnswer},
        ),
        ApiRoute(
            method="PATCH",
            path="/api/settings",
            summary="Save values into the file, whose comments and order stay",
            handler=handlers.save,
            takes={JSON: NewValues},
            gives={JSON: SaveAnswer},
        ),
    ]


class _Handlers:
    def __init__(self, file: SettingsFile, memory: MemoryBudget, reload: Reload | None) -> None:
        self._file = file
        self._memory = memory
        self._reload = reload
        self._saving = asyncio.Lock()

    async def listed(self, request: web.Request) -> web.StreamResponse:
        file = self._file
        effective = await asyncio.to_thread(file.effective)
        open_to_all = caller().how == LOCAL  # other users of the machine can ask, too
        rows = tuple(
            _row(key, _masked(value) if open_to_all else value, origin)
            for key, value, origin in effective
        )
        return json_answer(SettingList(str(file.path), rows))

    async def check(self, request: web.Request) -> web.StreamResponse:
        wanted = await body_of(request, self._memory, NewValues)
        return json_answer(CheckAnswer(await asyncio.to_thread(self._file.problems, wanted.values)))

    async def save(self, request: web.Request) -> web.StreamResponse:
        wanted = await body_of(request, self._memory, NewValues)
        require_log_in("saving settings")
        _check_programs(wanted.values)
        _check_access(wanted.values)
        async with self._saving:
            saved = await asyncio.to_thread(self._file.save, wanted.values)
            restart = saved.changed
            if self._reload is not None and saved.changed:
                later = set(await self._reload())
                restart = tuple(path for path in saved.changed if path in later)
        copy = None if saved.copy is None else str(saved.copy)
        return json_answer(SaveAnswer(str(self._file.path), saved.changed, copy, restart))


def _check_programs(values: dict[str, Any]) -> None:
    """Raise `UsageError` for values that name a program to run: those are for the file alone."""
    for path, value in values.items():
        name = path.rpartition(".")[2]
        runs = name in ROLES and _PROGRAM.search(str(value)) is not None
        if runs or path.startswith("hooks") or name in ("command", "env"):
            raise UsageError(
                f"{path}: names a program to run, which is not changed by HTTP: edit {_WHERE}"
            )


def _check_access(values: dict[str, Any]) -> None:
    """Raise `UsageError` for settings that decide which clients are let in: only the file does."""
    for path in values:
        if _ACCESS.fullmatch(path):
            raise UsageError(
                f"{path}: decides which clients are let in, which is not changed by HTTP: edit "
                f"{_WHERE}"
            )


def _masked(value: Any) -> Any:
    """Return a value without passwords and tokens."""
    if isinstance(value, str):
        return masked(value)
    return [_masked(item) for item in value] if isinstance(value, list | tuple) else value


def _row(key: Key, value: Any, origin: str) -> SettingRow:
    info = key.info
    fixed = origin.startswith(("flag ", "environment "))
    return SettingRow(key.path, value, origin, info.doc, info.type, info.unit, info.default, fixed)
