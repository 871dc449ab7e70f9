"""Models that are whole, and room on the disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import msgspec

from satellite.components.auto import REAL, preference
from satellite.components.registry import find
from satellite.components.spec import AUTO, is_uri, parse
from satellite.diagnostics.doctor.examination_input import ExaminationInput, ModelStore
from satellite.diagnostics.doctor.finding import Finding, broken, note, ok, warning
from satellite.errors import SatelliteError
from satellite.lib.daemon_thread import run_in_daemon_thread

FULL = 50e6
"""Bytes below which logs and half a download fill the rest: nothing can be written for long."""

SCARCE = 1e9
"""Bytes below which no usual model fits any more (whisper:base has 145 MB, llama3.2 2 GB)."""

_READ_ONLY = os.ST_RDONLY


class Volume(msgspec.Struct, frozen=True):
    """A place that is written to."""

    what: str
    path: Path


async def models(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Whether what was fetched is whole, and what was chosen is there."""
    if case.store is None:
        return
    store = case.store()
    whole = await run_in_daemon_thread(store.installed)
    for name, count, state in await run_in_daemon_thread(store.broken):
        yield _half(str(name), count, state, store)
    yield ok("models", f"{len(whole)} whole in {store.root}: {_names(whole)}")
    for role in REAL:
        for finding in await _chosen(case, role, store):
            yield finding


async def disk(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Whether there is room where things are written."""
    for volume in _volumes(case):
        yield await run_in_daemon_thread(lambda volume=volume: _room(case, volume))  # type: ignore[misc]


def _half(name: str, count: int, state: str, store: ModelStore) -> Finding:
    found = f"{state}: {_size(count)} of it are in {store.root}"
    pull = f"satellite models pull {name}"
    if state == "damaged":
        means = "Files of it are missing or cut off: it cannot be used, and its engine stands still"
        return broken(f"model {name}", found, f"{means}.", f"{pull} (fetches what is wrong)")
    means = "Its download broke off or still runs; it is not used before it is whole."
    again = f"{pull} (goes on where it was), or satellite models remove {name}"
    return warning(f"model {name}", found, means, again)


async def _chosen(case: ExaminationInput, role: str, store: ModelStore) -> list[Finding]:
    """Whether the engine of a role has its model."""
    text = getattr(case.settings, role)
    if text == AUTO:
        choice = await preference(role)
        if not choice.remedy:
            return [ok(f"engine for {role}", f"{choice.component} (auto)")]
        means = f"{choice.component} stands in for it, which can do less."
        return [note(f"engine for {role}", f"{REAL[role]} is not in use", means, choice.remedy)]
    if is_uri(text):
        return []
    component = parse(text)
    try:
        model = getattr(find(role, component.plugin).load(), "model", "")
        kind = model.partition(":")[0]
        if kind not in ("whisper", "piper") or not component.argument:
            return []
        if component.argument.startswith(("/", ".", "~")):
            path: Path | None = Path(component.argument).expanduser()
            here = path is not None and path.exists()
        else:
            here = (
                await run_in_daemon_thread(lambda: store.path(kind, component.argument)) is not None
            )
    except SatelliteError as error:
        return [broken(f"engine for {role}", str(error), "The satellite cannot use it.", "")]
    name = f"{kind}:{component.argument}"
    if here:
        return [ok(f"engine for {role}", f"{text}, whose model is here")]
    means = f"{role} is set to {text}, which cannot start without it."
    remedy = f"satellite models pull {name}"
    return [broken(f"model {name}", "not on this machine", means, remedy)]


def _volumes(case: ExaminationInput) -> Iterator[Volume]:
    """Each file system once, by what it is for."""
    places = [Volume("temporary files", Path(tempfile.gettempdir()))]
    if case.store is not None:
        places.insert(0, Volume("models", case.store().root))
    places.append(Volume("home folder", Path.home()))
    seen: set[int] = set()
    for volume in places:
        folder = volume.path
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        try:
            device = folder.stat().st_dev
        except OSError:
            continue
        if device not in seen:
            seen.add(device)
            yield Volume(volume.what, folder)


def _room(case: ExaminationInput, volume: Volume) -> Finding:
    try:
        status = case.statvfs(volume.path)
    except OSError as error:
        reason = error.strerror or str(error)
        return warning(
            "disk", f"{volume.path}: {reason}", "Nothing can be said of its room.", "see: df -h"
        )
    free = status.f_bavail * status.f_frsize
    where = f"{_size(free)} free for {volume.what} ({volume.path})"
    if status.f_flag & _READ_ONLY:
        return broken(
            "disk",
            f"{volume.path} can only be read",
            "Neither models nor logs can be kept; SD cards do this when they die.",
            "see dmesg for errors of the card; mount -o remount,rw / tries again",
        )
    if free < FULL or (status.f_files and not status.f_favail):
        return broken(
            "disk",
            f"full: {where}",
            "Downloads, logs and the configuration cannot be written.",
            "make room: satellite models remove NAME, journalctl --vacuum-size=50M, apt clean",
        )
    if free < SCARCE:
        return warning(
            "disk",
            where,
            "No larger model fits any more.",
            "make room before you fetch one: satellite models lists what is here",
        )
    return ok("disk", where)


def _names(models: object) -> str:
    texts = [str(model) for model in models] if isinstance(models, tuple | list) else []
    return ", ".join(texts) or "none"


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
