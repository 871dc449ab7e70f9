"""The installer in a clean Debian, to the end: `python -m tests.soak.install_root trixie`.

    python -m tests.soak.install_root [SUITE…] [--architecture arm64] [--folder DIR] [--no-boot]

Both suites by default. In each: install, install again, run the demo, use the command as any user,
as root and as a member of its group, start the service under the systemd of the root with a program
as microphone, stop its audio loop from outside in three ways, kill it, uninstall, and compare the
file tree with the one before. Needs root, debootstrap, and the network; another architecture needs
qemu-user-static. Takes some six minutes a suite, and half an hour with an emulated processor, which
is not booted.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import time
from pathlib import Path

from tests.soak import installed_use
from tests.soak.clean_root import SOURCE, BootedRoot, CleanRoot, carried_out, made
from tests.soak.installed_use import expect

SUITES = ("bookworm", "trixie")
INSTALLER = str(SOURCE / "deploy/install.sh")
JOURNAL = ("journalctl", "-u", "satellite", "--no-pager", "-o", "cat")
STARTED = 120
"""Seconds until a service listens on a busy machine."""
RESTARTED = 30 + 5 + 2 + 15
"""Seconds: of the watchdog, to stop, to the next start, and for the start on a busy machine."""

DEBIANS = re.compile(
    r"^/(var/(cache|lib|log)/(apt|dpkg|debconf|systemd|polkit-1)|var/cache/(ldconfig|fontconfig)|"
    r"var/log/|etc/ld\.so\.cache|etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|"
    r"var/lib/(ucf|pam)|tmp/|root/|run/|dev/|proc/|sys/|var/tmp|etc/\.pwd\.lock|etc/machine-id|"
    r"var/lib/python|(etc|var)/\.updated|etc/alternatives/|usr/local/lib/python)"
)
"""Files that Debian's package manager leaves behind, and files written by a boot."""

MICROPHONE = """
import sys, time, os
began, given = time.monotonic(), 0
while True:
    while os.path.exists("/var/lib/satellite/blocked"): time.sleep(0.1)
    sys.stdout.buffer.write(bytes(1024)); sys.stdout.buffer.flush()
    given += 512
    time.sleep(max(0, min(1, began + given / 16000 - time.monotonic())))
"""

CONFIGURATION = """
name = "clean"
zeroconf = false
mic = "command:/usr/bin/python3 /usr/local/bin/microphone"
speaker = "wav:/var/lib/satellite/out.wav"
[health]
port = 9464
"""

HEALTH = """
import urllib.request, urllib.error
try: print(urllib.request.urlopen("http://127.0.0.1:9464/healthz", timeout=5).status)
except urllib.error.HTTPError as error: print(error.code)
except OSError as error: print(error)
"""


def check(root: CleanRoot, boot: bool) -> None:
    """Run all checks in one root. Raises `RuntimeError` for a failed one."""
    root.put_source()
    before = root.files()
    began = time.monotonic()
    first = root.run(INSTALLER).stdout
    print(first, end="")
    print(f"installed in {time.monotonic() - began:.0f} s")
    installed = {path for path in root.files() if not DEBIANS.match(path)}
    again = root.run(INSTALLER).stdout
    expect("nothing was changed" in again and "+ " not in again, f"run again it says: {again}")
    after = {path for path in root.files() if not DEBIANS.match(path)}
    expect(after == installed, f"run again it left: {after ^ installed}")
    print("run again: nothing was changed")
    said = root.run("sh", "-c", "cd /root && satellite demo && rm satellite-demo.wav").stdout
    expect("answered" in said, said)
    print("\n".join(said.splitlines()[-4:]))
    installed_use.check(root)
    if boot:
        installed_use.check_models(root, INSTALLER)
        watch(root)
    root.run("userdel", "-r", "person")
    print(root.run(INSTALLER, "--uninstall", "--packages").stdout, end="")
    left = sorted(path for path in root.files() - before if not DEBIANS.match(path))
    expect(not left, f"left behind: {left}")
    for name in ("passwd", "group"):
        expect("satellite" not in (root.folder / "etc" / name).read_text(), f"left in {name}")
    print("uninstalled: nothing is left")


def watch(root: CleanRoot) -> None:
    """Run the service under the root's systemd, and stop its audio loop from outside."""
    (root.folder / "usr/local/bin/microphone").write_text(MICROPHONE)
    configuration = root.folder / "etc/satellite/satellite.toml"
    given = configuration.read_text()
    configuration.write_text(given + CONFIGURATION)
    try:
        with root.booted() as machine:
            try:
                _stop_the_loop(machine)
            except RuntimeError:
                print(machine.run(*JOURNAL, check=False)[-4000:])
                raise
    finally:
        (root.folder / "usr/local/bin/microphone").unlink()
        configuration.write_text(given)


def _stop_the_loop(machine: BootedRoot) -> None:
    def show(name: str) -> str:
        return machine.run("systemctl", "show", "-P", name, "satellite")

    def listening(limit: float) -> float:
        return machine.until("200", "/opt/satellite/venv/bin/python", "-c", HEALTH, limit=limit)

    machine.until("active", "systemctl", "is-active", "satellite", limit=STARTED)
    print(f"listening after {listening(STARTED):.1f} s: {show('StatusText')}")

    recorder = machine.run("pgrep", "-f", "/usr/local/bin/microphone")
    machine.run("kill", "-STOP", recorder)
    took = machine.until("", "ps", "-o", "pid=", recorder, limit=15) + listening(15)
    print(f"recorder stopped (SIGSTOP): another one, and listening, after {took:.1f} s")
    expect(show("NRestarts") == "0", "a recorder that stopped needs no restart")

    machine.run("kill", "-STOP", show("MainPID"))
    took = machine.until("1", "systemctl", "show", "-P", "NRestarts", "satellite", limit=RESTARTED)
    took += listening(RESTARTED)
    print(f"process stopped (SIGSTOP): started again and listening after {took:.1f} s")
    expect(took < RESTARTED, f"that was later than {RESTARTED} s")

    (Path("/proc") / str(machine.pid) / "root/var/lib/satellite/blocked").touch()
    took = machine.until("2", "systemctl", "show", "-P", "NRestarts", "satellite", limit=RESTARTED)
    print(f"device blocked: the watchdog ended it after {took:.1f} s")
    (Path("/proc") / str(machine.pid) / "root/var/lib/satellite/blocked").unlink()
    print(f"device free: listening after {listening(RESTARTED):.1f} s")
    journal = machine.run(*JOURNAL, check=False)
    expect("atchdog" in journal, f"the journal tells nothing of a watchdog: {journal[-2000:]}")
    installed_use.check_running(machine)
    print(f"listening again after {listening(RESTARTED):.1f} s")
    machine.run("systemctl", "stop", "satellite")
    expect(show("Result") == "success", f"it stopped with {show('Result')}: {journal[-2000:]}")


def main() -> int:
    """Check the requested suites."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suites", nargs="*", default=list(SUITES))
    parser.add_argument("--architecture", default="")
    parser.add_argument("--folder", type=Path, help="where roots are kept for the next time")
    parser.add_argument("--no-boot", action="store_true")
    asked = parser.parse_args()
    boot = not (asked.no_boot or asked.architecture)

    def work(folder: Path) -> None:
        for suite in asked.suites:
            print(f"== {suite} {asked.architecture}", flush=True)
            packages = "systemd,dbus,procps" if boot else ""
            root = made(folder, suite, asked.architecture, packages)
            try:
                check(root, boot)
            finally:
                shutil.rmtree(root.folder)

    return carried_out(work, asked.folder)


if __name__ == "__main__":
    sys.exit(main())
