"""The first boot of a prepared card, in a clean Debian: `python -m tests.soak.image_root`.

    python -m tests.soak.image_root [--folder DIR]

A card's first partition is prepared as a person does it, and its script is run as the first boot
runs it: without an answer to anything, and once more. Then the root's systemd starts, and the
service has to listen with the name, area and microphone of the card. Needs root, debootstrap and
the network; takes some five minutes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from tests.soak.clean_root import ROOT, CleanRoot, carried_out, made
from tests.soak.install_root import CONFIGURATION, HEALTH, MICROPHONE, STARTED
from tests.soak.installed_use import COMMAND, expect

CARD = "boot/firmware"


def check(root: CleanRoot) -> None:
    """Prepare and boot. Raises `RuntimeError` for what fails."""
    card = root.folder / CARD
    card.mkdir(parents=True)
    for name in ("config.txt", "cmdline.txt"):
        (card / name).touch()
    settings = root.folder / "settings.toml"
    settings.write_text(CONFIGURATION)
    (root.folder / "usr/local/bin/microphone").write_text(MICROPHONE)
    command = ["sh", ROOT / "deploy/image/prepare.sh", card, "--name", "kitchen"]
    command += ["--area", "Kitchen", "--settings", settings]
    done = subprocess.run(command, capture_output=True, text=True)
    expect(done.returncode == 0, done.stdout + done.stderr)
    settings.unlink()
    began = time.monotonic()
    boot = ("sh", f"/{CARD}/satellite/first-boot.sh", f"/{CARD}/satellite")
    print(root.run(*boot).stdout, end="")
    print(f"the script of the first boot took {time.monotonic() - began:.0f} s")
    again = root.run(*boot).stdout
    expect("installed already" in again, again)
    file = root.folder / "etc/satellite/satellite.toml"
    expect((file.stat().st_mode & 0o777) == 0o640, "other users can read the settings")
    with root.booted() as machine:
        taken = machine.until("200", "/opt/satellite/venv/bin/python", "-c", HEALTH, limit=STARTED)
        print(f"listening {taken:.0f} s after the boot")
        shown = machine.run(COMMAND, "status")
        expect("kitchen" in shown, shown)
    print("the card's satellite listens under its name")


def main() -> int:
    """Check the first boot in a Debian trixie, of which Raspberry Pi OS is made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="keep the roots here")
    asked = parser.parse_args()

    def work(folder: Path) -> None:
        check(made(folder, "trixie", packages="systemd,systemd-sysv,dbus"))

    return carried_out(work, asked.folder)


if __name__ == "__main__":
    sys.exit(main())
