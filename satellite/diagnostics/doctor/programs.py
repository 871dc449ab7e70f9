"""The programs of other projects that engines of the configuration ask, such as llama.cpp."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Any

from satellite.components import spec
from satellite.diagnostics.doctor.context import Context
from satellite.errors import EngineError, SatelliteError
from satellite.lib.finding import Finding, broken, ok
from satellite.ports import TURN_ROLES, EngineContext, ServedByProgram
from satellite.settings import Settings


async def programs(context: Context) -> AsyncGenerator[Finding, None]:
    """Report each program with what it is and serves, or why it does not answer."""
    settings = context.settings
    for name, role, text in components(settings):
        about = f"{name} = {text}"
        try:
            engine: Any = spec.create(role, text, EngineContext.for_settings(settings))
        except SatelliteError:
            continue  # reported by the check of the configuration, or that of the models
        try:
            if isinstance(engine, ServedByProgram):
                found = await engine.served_by()
                yield ok(about, str(found))
        except EngineError as error:
            yield broken(
                about,
                str(error),
                "Requests to it fail, or another engine takes them.",
                f"start that program, or correct {name}: satellite plugins {role} lists options",
            )
        finally:
            await engine.close()


def components(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield the setting, the role and the text of each plugin's component in the configuration."""
    owners: list[tuple[str, Any]] = [("", settings)]
    owners += [(f"assistants.{name}.", own) for name, own in settings.assistants.items()]
    for prefix, owner in owners:
        for role in TURN_ROLES:
            for text in spec.chain(role, getattr(owner, role)):
                if text and text != spec.AUTO and not spec.is_uri(text):
                    yield f"{prefix}{role}", role, text
