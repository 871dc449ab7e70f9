"""Why a device could not be opened, and what to do about it."""

from __future__ import annotations

from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding, broken, note
from satellite.diagnostics.doctor.holders import in_use
from satellite.errors import DeviceBusy, DeviceError, DeviceForbidden
from satellite.lib.daemon_thread import run_in_daemon_thread


async def refusal(case: ExaminationInput, noun: str, error: DeviceError) -> Finding:
    """Why a device could not be opened, with who has it where that is the reason."""
    direction = {"microphone": "Nothing can be heard.", "speaker": "Nothing can be said."}[noun]
    reason = str(error)
    if not isinstance(error, DeviceBusy):
        if isinstance(error, DeviceForbidden):
            remedy = "sudo usermod -aG audio $USER, then log in again"
        else:
            flag = {"microphone": "--mic", "speaker": "--speaker"}[noun]
            remedy = f"plug one in; satellite devices lists what there is, {flag} NAME chooses"
        return broken(noun, reason, direction, remedy)
    by = [str(process) for process in await run_in_daemon_thread(lambda: list(in_use(case)))]
    if any(text.startswith("satellite") for text in by):
        return note(
            noun,
            f"is in use by {', '.join(by)}",
            "A running satellite has it, so it was not measured.",
            "to measure it: systemctl stop satellite, then satellite doctor audio",
        )
    who = ", ".join(by) or "another program (sudo satellite doctor audio tells which)"
    return broken(
        noun,
        f"is taken by {who}: {reason}",
        f"{direction} A device can be opened once.",
        "stop that program, or let both go through PipeWire or PulseAudio (--mic auto)",
    )
