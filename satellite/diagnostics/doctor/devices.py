"""Microphones and speakers: there, allowed, and not taken by another program."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import AsyncGenerator

from satellite.components.spec import AUTO
from satellite.diagnostics.doctor.device_error import refusal
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.expected_ports import wanted
from satellite.diagnostics.doctor.finding import Finding, broken, note, ok
from satellite.diagnostics.doctor.holders import SOUND
from satellite.diagnostics.doctor.listening_ports import listeners
from satellite.errors import DeviceMissing
from satellite.lib.daemon_thread import run_in_daemon_thread


async def devices(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Which there are, and whether `auto` finds one of each direction."""
    from satellite.builtin.audio.devices import default_mic, default_speaker, list_devices

    found = await run_in_daemon_thread(list_devices)
    for direction, noun, role, default in (
        ("in", "microphone", "mic", default_mic),
        ("out", "speaker", "speaker", default_speaker),
    ):
        count = sum(device.direction == direction for device in found)
        chosen = getattr(case.settings, role)
        if chosen != AUTO:
            yield ok(noun, f"{chosen}, as it is set ({count} found)")
            continue
        try:
            yield ok(noun, f"{await run_in_daemon_thread(default)}, by itself ({count} found)")
        except DeviceMissing as error:
            if await run_in_daemon_thread(lambda: _only_serves(case)):
                yield note(noun, "there is none, and a server needs none", "", "")
            else:
                yield await refusal(case, noun, error)


async def permissions(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Whether this user may open the sound devices."""
    folder = case.file(SOUND)
    nodes = [node for node in sorted(folder.glob("*")) if not node.is_dir()]
    if not nodes:
        if not folder.is_dir():
            yield note(
                "sound cards",
                "the kernel has none (no /dev/snd)",
                "Only sound over the network, or of files and programs, can work.",
                "plug one in; on a Pi enable its overlay in config.txt; in a container pass "
                "--device /dev/snd",
            )
        return
    denied = [node for node in nodes if not _allowed(node)]
    if denied:
        user = _user()
        group = _group(denied[0].stat().st_gid)
        yield broken(
            "permission",
            f"user {user} may not open {_shown(case, denied[0])}"
            + (f" and {len(denied) - 1} more" if len(denied) > 1 else ""),
            "Microphone and speaker of this machine cannot be used.",
            f"sudo usermod -aG {group} {user}, then log in again (for a service: restart it)",
        )
    else:
        yield ok("permission", f"all {len(nodes)} sound devices may be opened")


def _allowed(node: os.PathLike[str]) -> bool:
    # the effective user is the one whose rights opening it needs
    return os.access(node, os.R_OK | os.W_OK, effective_ids=True)


def _shown(case: ExaminationInput, node: os.PathLike[str]) -> str:
    return "/" + os.path.relpath(node, case.root)


def _only_serves(case: ExaminationInput) -> bool:
    """Whether this is a machine without sound cards on which servers run, and no satellite."""
    taken = {listener.port for listener in listeners(case)}
    roles = {want.role for want in wanted(case.settings) if want.port in taken}
    return bool(roles) and "satellite" not in roles and not case.file(SOUND).is_dir()


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _group(number: int) -> str:
    try:
        name = grp.getgrgid(number).gr_name
    except KeyError:
        return "audio"
    return "audio" if name == "root" else name
