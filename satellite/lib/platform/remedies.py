"""Remedies that are other ones on each system, in words for people."""

from __future__ import annotations

from satellite.lib.platform import system


def _by_system(*, linux: str, macos: str, windows: str) -> str:
    return {"darwin": macos, "win32": windows}.get(system.name(), linux)


def program_at_port(port: int) -> str:
    """Return the command that shows the program which listens at a port."""
    return _by_system(
        linux=f"sudo ss -ltnp 'sport = :{port}'",
        macos=f"sudo lsof -nP -iTCP:{port} -sTCP:LISTEN",
        windows=f"netstat -ano | findstr :{port}",
    )


def stop_satellite() -> str:
    """Return the command that stops the service."""
    return _by_system(
        linux="systemctl stop satellite",
        macos="launchctl bootout gui/$UID/io.github.satellite-voice",
        windows='schtasks /End /TN "Satellite voice"',
    )


def start_satellite() -> str:
    """Return how the satellite is started, at hand and as a service."""
    return "satellite (as a service: " + _by_system(
        linux="systemctl start satellite)",
        macos="satellite setup --service)",
        windows="satellite setup --service)",
    )


def free_space() -> str:
    """Return how to get room on the disk."""
    more = _by_system(
        linux=", journalctl --vacuum-size=50M, apt clean",
        macos=", or empty the Trash",
        windows=", or run cleanmgr",
    )
    return f"free space: satellite models remove NAME{more}"


def space_left() -> str:
    """Return the command that shows the room of the disks."""
    return _by_system(linux="df -h", macos="df -h", windows="powershell Get-PSDrive")


def busiest_programs() -> str:
    """Return how to find what takes the processor's time."""
    return "find the busiest programs: " + _by_system(
        linux="top", macos="top -o cpu", windows="taskmgr"
    )


def set_clock() -> str:
    """Return how the clock is set by the network."""
    return _by_system(
        linux="timedatectl set-ntp true",
        macos="System Settings, General, Date & Time: set it automatically",
        windows="Settings, Time & language, Date & time: set it automatically",
    )


def disk_errors() -> str:
    """Return how to find errors of a disk."""
    return "look for errors of the disk or card: " + _by_system(
        linux="dmesg", macos="diskutil verifyVolume /", windows="chkdsk"
    )


def busy_device() -> str:
    """Return how to find the program that has the sound device."""
    return _by_system(
        linux="stop that program (sudo fuser -v /dev/snd/* lists it), or let both use PipeWire or "
        "PulseAudio",
        macos="stop the program that uses it",
        windows="stop the program that uses it, or switch its exclusive mode off (Sound, Advanced)",
    )


def allow_sound() -> str:
    """Return how a user gets the right to use microphone and speaker."""
    return _by_system(
        linux="sudo usermod -aG audio $USER, then log in again",
        macos="System Settings, Privacy & Security, Microphone: allow the terminal",
        windows="Settings, Privacy & security, Microphone: let desktop apps access it",
    )
