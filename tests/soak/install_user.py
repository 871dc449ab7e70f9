"""The installer for a single user, in a clean Debian: `python -m tests.soak.install_user trixie`.

python -m tests.soak.install_user [SUITE] [--folder DIR]

A user without root privileges installs; the root is booted, and the user's own service manager
starts the satellite in its sandbox; it listens, also after a crash, and is uninstalled to the last
file. Bookworm by default. Needs root, debootstrap, and the network. Takes some three minutes.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from tests.soak.clean_root import CleanRoot, carried_out, made
from tests.soak.install_root import (
    CONFIGURATION,
    DEBIANS,
    HEALTH,
    INSTALLER,
    MICROPHONE,
)
from tests.soak.installed_use import crash, expect

PACKAGES = "systemd,dbus"
SESSION = "libpam-systemd dbus-user-session"
"""Packages for a user's own service manager."""
NEEDED = "python3 python3-venv alsa-utils libportaudio2 libpulse0"
"""Packages that the installer requires of a user."""
PERSON = ("runuser", "-u", "person", "--", "env", "HOME=/home/person", "PATH=/usr/bin:/bin")
LISTENING = 90
"""Seconds from the start until a service listens, on a busy machine."""


def check(root: CleanRoot) -> None:
    """Run all checks in one root. Raises `RuntimeError` for a failed one."""
    root.put_source()
    install = f"apt-get install -y -qq --no-install-recommends {SESSION}"
    root.run("sh", "-euc", f"apt-get update -qq; DEBIAN_FRONTEND=noninteractive {install}")
    person = "useradd -m -u 1000 -G audio person; mkdir -p /var/lib/systemd/linger"
    root.run("sh", "-euc", f"{person}; touch /var/lib/systemd/linger/person")
    refused = root.run(*PERSON, INSTALLER, "--user", check=False)
    expect(f"sudo apt-get install {NEEDED}" in refused.stderr, f"it says: {refused.stderr}")
    root.run("sh", "-euc", install.replace(SESSION, NEEDED))
    before = root.files()
    print(root.run(*PERSON, INSTALLER, "--user").stdout)
    (root.folder / "usr/local/bin/microphone").write_text(MICROPHONE)
    configuration = root.folder / "home/person/.config/satellite/satellite.toml"
    place = CONFIGURATION.replace("/var/lib/satellite/out.wav", "/home/person/out.wav")
    configuration.write_text(configuration.read_text() + place)
    with root.booted() as machine:
        machine.until("active", "systemctl", "is-active", "user@1000.service", limit=60)
        session = (*PERSON, "XDG_RUNTIME_DIR=/run/user/1000")
        print(machine.run(*session, INSTALLER, "--user"))
        python = "/home/person/.local/lib/satellite/venv/bin/python"
        took = machine.until("200", python, "-c", HEALTH, limit=LISTENING)
        print(f"listening after {took:.1f} s")
        crash(machine, *session, "systemctl", "--user")
        took = machine.until("200", python, "-c", HEALTH, limit=LISTENING)
        print(f"killed: others are made as loud as they were, and it listens after {took:.1f} s")
        again = machine.run(*session, INSTALLER, "--user")
        expect("nothing was changed" in again, f"run again it says: {again}")
        print(machine.run(*session, INSTALLER, "--uninstall", "--user"))
    (root.folder / "usr/local/bin/microphone").unlink()
    (root.folder / "home/person/out.wav").unlink(missing_ok=True)
    left = sorted(path for path in root.files() - before if not DEBIANS.match(path))
    places = [path for path in left if "satellite" in path]
    expect(not places, f"left behind: {places}")
    print(f"uninstalled; left are folders that others use, too: {left}")


def main() -> int:
    """Check the requested suite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite", nargs="?", default="bookworm")
    parser.add_argument("--folder", type=Path, help="where the clean root is kept")
    asked = parser.parse_args()

    def work(folder: Path) -> None:
        root = made(folder, asked.suite, packages=PACKAGES)
        try:
            check(root)
        finally:
            shutil.rmtree(root.folder)

    return carried_out(work, asked.folder)


if __name__ == "__main__":
    sys.exit(main())
