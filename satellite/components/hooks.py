"""Hooks: plugins that receive every event, each at its own pace without delaying others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from satellite.components import spec
from satellite.errors import PluginError
from satellite.lib.bus import Bus
from satellite.lib.containment import describe, is_foreign
from satellite.ports import (
    Dimmable,
    HasPatience,
    Hook,
    OperatesSatellite,
    ReportsPresses,
    SatelliteControls,
)

_LOGGER = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that a hook may take for one event before it is interrupted: a lamp needs less. Hooks
that need longer have an attribute `patience`; see `satellite.ports`."""

FAREWELL = 2.0
"""Seconds at the end for hooks to receive the queued events."""


class Hooks:
    """The hooks of a satellite, by the components that name them."""

    def __init__(self, hooks: Mapping[str, Hook]) -> None:
        self._hooks = hooks

    @property
    def lamps(self) -> Dimmable | None:
        """The lamps that can be dimmed, of the first hook that has some."""
        return next((hook for hook in self._hooks.values() if isinstance(hook, Dimmable)), None)

    def report(self, pressed: Callable[[str], None]) -> bool:
        """Report the presses of buttons from now on; return whether there is one."""
        return self._pass(ReportsPresses, lambda hook: hook.report(pressed)) > 0

    def operate(self, controls: SatelliteControls) -> None:
        """Pass the controls to hooks that operate the satellite, such as buttons."""
        self._pass(OperatesSatellite, lambda hook: hook.operate(controls))

    def _pass(self, kind: type, give: Callable[[Any], None]) -> int:
        """Give something to all hooks that can take it; return how many took it."""
        taken = 0
        for name, hook in self._hooks.items():
            if not isinstance(hook, kind):
                continue
            try:
                give(hook)
                taken += 1
            except BaseException as error:  # a stranger's code may raise anything
                if not is_foreign(error):
                    raise
                problem = _describe_failure(error, PATIENCE)
                _LOGGER.warning("hook %s cannot operate the satellite: %s", name, problem)
        return taken


@asynccontextmanager
async def hooked(names: Iterable[str], bus: Bus) -> AsyncGenerator[Hooks, None]:
    """Run the hooks that components name inside this block; the bus ends with it.

    Raises `ConfigError`; a hook that cannot be used on this machine is left out.
    """
    hooks: dict[str, Hook] = {}
    for name in names:
        try:
            hooks[name] = spec.create("hook", name)
        except PluginError as error:
            _LOGGER.warning("hook %s is left out: %s", name, error)
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(run_hook(name, hook, bus), name=f"hook {name}")
            for name, hook in hooks.items()
        ]
        try:
            yield Hooks(hooks)
        finally:
            bus.end()
            if running:
                _, behind = await asyncio.wait(running, timeout=FAREWELL)
                for task in behind:
                    task.cancel()


async def run_hook(name: str, hook: Hook, bus: Bus) -> None:
    """Pass every event to a hook until the bus ends. Its failures and timeouts are only logged."""
    failures = 0
    patience = _patience(hook)
    async with bus.subscribe(f"hook {name}") as happening:
        try:
            async with asyncio.timeout(PATIENCE):
                await hook.start()
            async for event in happening:
                try:
                    async with asyncio.timeout(patience):
                        await hook.handle(event)
                    failures = 0
                except BaseException as error:  # a stranger's code may raise anything
                    if not is_foreign(error):
                        raise
                    failures += 1
                    level = logging.WARNING if failures == 1 else logging.DEBUG
                    _LOGGER.log(
                        level,
                        "hook %s failed at %s: %s",
                        name,
                        event.kind,
                        _describe_failure(error, patience),
                    )
        except BaseException as error:  # as above
            if not is_foreign(error):
                raise
            problem = _describe_failure(error, PATIENCE)
            _LOGGER.warning("hook %s could not start and is left out: %s", name, problem)
        finally:
            await _close(name, hook)


def _patience(hook: Hook) -> float:
    """Return the seconds that a hook asks for; an answer that is no time means the usual ones."""
    try:
        return float(hook.patience) if isinstance(hook, HasPatience) else PATIENCE
    except Exception:  # as above
        return PATIENCE


async def _close(name: str, hook: Hook) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await hook.close()
    except BaseException as error:  # as above
        if not is_foreign(error):
            raise
        _LOGGER.warning("hook %s did not close: %s", name, _describe_failure(error, PATIENCE))


def _describe_failure(error: BaseException, patience: float) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return f"it took longer than {patience:g} s"
    return describe(error)
