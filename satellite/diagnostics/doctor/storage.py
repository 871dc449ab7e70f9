"""Models that are complete, and space on the disk."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

from satellite.components.auto import REAL, preference
from satellite.components.registry import find
from satellite.components.spec import AUTO, is_uri, parse
from satellite.diagnostics.doctor.context import Context, ModelStore
from satellite.errors import SatelliteError
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.lib.finding import Finding, broken, note, ok, warning
from satellite.lib.platform import remedies
from satellite.ports import EngineContext, HasModel
from satellite.text.reason_of import reason_of

FULL = 50e6
"""Bytes below which logs and the rest of a download fill the disk."""

SCARCE = 1e9
"""Bytes below which larger models do not fit (whisper:base has 145 MB, llama3.2 2 GB)."""


async def models(context: Context) -> AsyncGenerator[Finding, None]:
    """Report models that are incomplete, and engines whose model is missing."""
    if context.store is None:
        return
    store = context.store()
    complete = await run_in_daemon_thread(store.installed)
    for name, count, state in await run_in_daemon_thread(store.broken):
        found = f"{state}: {_size(count)} of it in {store.root}"
        pull = f"satellite models pull {name}"
        if state == "damaged":
            means = "Files of it are missing or truncated, so its engine cannot run."
            yield broken(f"model {name}", found, means, f"{pull} (fetches only those files)")
        else:
            means = "Its download broke off or is still running; it cannot be used yet."
            remedy = f"{pull} (continues the download), or satellite models remove {name}"
            yield warning(f"model {name}", found, means, remedy)
    if complete:
        names = ", ".join(map(str, complete))
        yield ok("models", f"{len(complete)} complete in {store.root}: {names}")
    else:
        yield ok("models", f"none in {store.root}")
    for role in REAL:
        if finding := await _judge_engine(context, role, store):
            yield finding


async def disk(context: Context) -> AsyncGenerator[Finding, None]:
    """Report the free space of the file systems that are written to."""
    for purpose, folder in _file_systems(context):
        yield await run_in_daemon_thread(
            lambda purpose=purpose, folder=folder: _judge_space(context, purpose, folder)  # type: ignore[misc]
        )


async def _judge_engine(context: Context, role: str, store: ModelStore) -> Finding | None:
    """Judge whether the engine of a role has its model; None for an engine without models."""
    text, about = getattr(context.settings, role), f"engine for {role}"
    if text == AUTO:
        choice = await preference(role, EngineContext.for_settings(context.settings))
        if not choice.remedy:
            return ok(about, f"{choice.component} (auto)")
        means = "It can do less."
        better = " or ".join(REAL[role])
        return note(about, f"{choice.component} (auto), not {better}", means, choice.remedy)
    if is_uri(text):
        return None
    component = parse(text)
    try:
        plugin = find(role, component.plugin).load()
        kind = plugin.model.partition(":")[0] if isinstance(plugin, HasModel) else ""
        if kind not in ("whisper", "piper") or not component.argument:
            return None
        if component.argument.startswith(("/", ".", "~")):
            present = Path(component.argument).expanduser().exists()
        else:
            path = await run_in_daemon_thread(lambda: store.path(kind, component.argument))
            present = path is not None
    except SatelliteError as error:
        remedy = f"choose another: satellite plugins {role} lists them"
        return broken(about, str(error), f"The satellite has no engine for {role}.", remedy)
    if present:
        return ok(about, f"{text}, with its model")
    name = f"{kind}:{component.argument}"
    means = f"{role} is set to {text}, which cannot start without this model."
    return broken(f"model {name}", "not on this machine", means, f"satellite models pull {name}")


def _file_systems(context: Context) -> Iterator[tuple[str, Path]]:
    """Yield the purpose and a folder of each file system that is written to."""
    places = [("temporary files", Path(tempfile.gettempdir())), ("home folder", Path.home())]
    if context.store is not None:
        places.insert(0, ("models", context.store().root))
    devices: set[int] = set()
    for purpose, folder in places:
        folder = next((place for place in (folder, *folder.parents) if place.exists()), folder)
        try:
            device = folder.stat().st_dev
        except OSError:
            continue
        if device not in devices:
            devices.add(device)
            yield purpose, folder


def _judge_space(context: Context, purpose: str, folder: Path) -> Finding:
    try:
        system = context.file_system(folder)
    except OSError as error:
        reason = reason_of(error)
        return warning(
            "disk",
            f"{folder}: {reason}",
            "Its free space is unknown.",
            f"run: {remedies.space_left()}",
        )
    found = f"{_size(system.free)} free for {purpose} ({folder})"
    if system.read_only:
        means = "Neither models nor logs can be saved. SD cards do this when they wear out."
        remedy = "look for errors of the card: dmesg; mount -o remount,rw / tries again"
        return broken("disk", f"{folder} is read-only", means, remedy)
    if system.free < FULL or system.full_of_files:
        means = "Downloads, logs and the configuration cannot be written."
        return broken("disk", f"full: {found}", means, remedies.free_space())
    if system.free < SCARCE:
        remedy = "free space before you fetch a model: satellite models lists those installed"
        return warning("disk", found, "Larger models do not fit.", remedy)
    return ok("disk", found)


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
