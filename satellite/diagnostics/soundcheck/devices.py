"""The microphone or speaker to try, and why it could not be opened."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from satellite.builtin.audio import devices
from satellite.components import spec
from satellite.diagnostics.soundcheck.card_users import SOUND_SERVERS, card_users
from satellite.errors import DeviceBusy, DeviceError, DeviceForbidden, DeviceMissing
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.lib.finding import Finding, broken, note
from satellite.lib.platform import remedies
from satellite.settings import Settings

_MEANS = {"mic": "Nothing can be heard.", "speaker": "Nothing can be said."}

NOUNS = {"mic": "microphone", "speaker": "speaker"}


async def chosen(settings: Settings, role: str) -> str | None:
    """Return the component set for a `mic` or `speaker`, with `auto` resolved; None if `auto` finds
    no device."""
    name: str = getattr(settings, role)
    if name != spec.AUTO:
        return name
    with suppress(DeviceError):
        default = devices.default_mic if role == "mic" else devices.default_speaker
        return await run_in_daemon_thread(default)
    return None


async def explain(role: str, error: DeviceError, root: Path = Path("/")) -> Finding:
    """Return why a `mic` or `speaker` could not be opened, and which program has it."""
    noun = NOUNS[role]
    found = error.fact if isinstance(error, DeviceMissing) else str(error)
    if isinstance(error, DeviceForbidden):
        return broken(noun, found, _MEANS[role], remedies.allow_sound())
    if not isinstance(error, DeviceBusy):
        remedy = f"plug one in; satellite devices lists those found, --{role} NAME chooses one"
        return broken(noun, found, _MEANS[role], remedy)
    users = [
        user
        for user in await run_in_daemon_thread(lambda: card_users(root))
        if user.program not in SOUND_SERVERS
    ]
    names = ", ".join(dict.fromkeys(map(str, users))) or "another program"
    if any(user.satellite for user in users):
        return note(
            noun,
            f"in use by {names}",
            "A running satellite has the device open, so it was not tried.",
            f"to try it: {remedies.stop_satellite()}, then satellite doctor audio",
        )
    return broken(
        noun,
        f"taken by {names}",
        f"{_MEANS[role]} Only one program at a time can open this device.",
        f"{remedies.busy_device()}: --{role} auto",
    )
