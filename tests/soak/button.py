"""The button hook on a real GPIO chip of a real kernel: `python -m tests.soak.button`.

    python -m tests.soak.button [--folder DIR]

QEMU's board "virt" has an ARM PL061, whose line 3 is pressed for 0.1 s by a power-down request.
Debian's kernel for arm64 drives it, libgpiod's own package reports its edges, and the hook must
react to each press. Needs root, debootstrap, the network, qemu-user-static,
qemu-system-arm and cpio. Takes some ten minutes, most of it for packages in an emulated root.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.soak.clean_root import SOURCE, CleanRoot, Unable, carried_out, made
from tests.soak.installed_use import expect

SUITE, ARCHITECTURE = "bookworm", "arm64"
PRESSES = 3
LONGEST = 480.0
"""Seconds for the whole run on an emulated processor; an idle machine takes 70."""
NEEDED = "python3 python3-venv kmod"
PACKAGES = ("gpiod>=2.1", "msgspec>=0.19")
"""Packages that the hook imports."""
LEFT_OUT = ("usr/share", "var/cache", "var/lib/apt")

GUEST = f"""
import asyncio
from satellite.builtin.hooks.button import ButtonHook

class Desk:
    done = asyncio.Queue()
    def state(self): return {{"phase": "idle", "ringing": False}}
    def wake(self): self.done.put_nowait("wake"); return True

async def main():
    hook = ButtonHook(ButtonHook.Options(line=3, active_low=False, long=5.0))
    await hook.start()
    hook.operate(Desk())
    print("READY", flush=True)
    for _ in range({PRESSES}):
        print("DID", await Desk.done.get(), flush=True)
    try:
        await ButtonHook(ButtonHook.Options(line=3)).start()
    except Exception as error:
        print("REFUSED", error, flush=True)
    await hook.close()

asyncio.run(main())
"""

INIT = f"""#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
PYTHONPATH={SOURCE} /venv/bin/python /guest.py
echo o >/proc/sysrq-trigger
sleep 10
"""


def prepare(root: CleanRoot, folder: Path) -> tuple[Path, Path]:
    """Fill a root and pack it; return the kernel, and the root as its initial memory disk."""
    root.put_source()
    install = f"apt-get update -qq; apt-get install -y -qq --no-install-recommends {NEEDED}"
    root.run("sh", "-euc", f"export DEBIAN_FRONTEND=noninteractive; {install}")
    wanted = " ".join(f"'{package}'" for package in PACKAGES)
    pip = "/venv/bin/pip install --quiet --no-cache-dir --only-binary=:all:"
    root.run("sh", "-euc", f"python3 -m venv /venv; {pip} {wanted}")
    newest = (
        "apt-cache depends linux-image-arm64 | sed -n 's/.*Depends: \\(linux-image-6[^ ]*\\)/\\1/p'"
    )
    root.run("sh", "-euc", f"cd /tmp; apt-get download $({newest} | head -1)")
    (package,) = (root.folder / "tmp").glob("linux-image-*.deb")
    subprocess.run(["dpkg", "-x", str(package), str(folder / "kernel")], check=True)
    package.unlink()
    (root.folder / "guest.py").write_text(GUEST)
    (root.folder / "init").write_text(INIT)
    (root.folder / "init").chmod(0o755)
    without = " -o ".join(f"-path ./{path}" for path in LEFT_OUT)
    pack = f"find . -xdev \\( {without} \\) -prune -o -print | cpio -o -H newc --quiet"
    disk = folder / "initrd"
    with disk.open("wb") as file:
        subprocess.run(["sh", "-euc", pack], cwd=root.folder, stdout=file, check=True)
    (kernel,) = (folder / "kernel/boot").glob("vmlinuz-*")
    return kernel, disk


def press(kernel: Path, disk: Path, folder: Path) -> str:
    """Boot, press the button as soon as it is watched, and again after each action; return the
    output of the guest."""
    console, monitor = folder / "console", folder / "monitor"
    console.touch()
    arguments = ["-M", "virt", "-nic", "none", "-cpu", "cortex-a72", "-smp", "2", "-m", "2500"]
    arguments += ["-nographic", "-no-reboot", "-serial", f"file:{console}"]
    arguments += ["-monitor", f"unix:{monitor},server,nowait", "-kernel", str(kernel)]
    arguments += ["-initrd", str(disk), "-append", "console=ttyAMA0 rdinit=/init panic=-1 quiet"]
    machine = subprocess.Popen(["qemu-system-aarch64", *arguments], stdin=subprocess.DEVNULL)
    began, pressed = time.monotonic(), 0
    try:
        while machine.poll() is None and time.monotonic() - began < LONGEST:
            time.sleep(0.5)
            said = console.read_text(errors="replace")
            if "READY" in said and pressed < PRESSES and said.count("DID") == pressed:
                with socket.socket(socket.AF_UNIX) as told:
                    told.connect(str(monitor))
                    told.sendall(b"system_powerdown\n")
                    time.sleep(0.2)  # read before the connection is closed
                pressed += 1
    finally:
        machine.kill()
        machine.wait()
    return console.read_text(errors="replace")


def main() -> int:
    """Press the button."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the clean root is kept")
    asked = parser.parse_args()

    def work(folder: Path) -> None:
        for program in ("qemu-system-aarch64", "cpio"):
            if shutil.which(program) is None:
                raise Unable(f"{program} is needed")
        root = made(folder, SUITE, ARCHITECTURE)
        scratch = root.folder.with_name(f"{root.folder.name}-machine")
        scratch.mkdir()
        try:
            said = press(*prepare(root, scratch), scratch)
        finally:
            shutil.rmtree(root.folder)
            shutil.rmtree(scratch)
        expect(said.count("DID wake") == PRESSES, said[-4000:])
        expect("REFUSED line 3 of /dev/gpiochip0 cannot be used" in said, said[-4000:])
        print(f"pressed {PRESSES} times: it listened as often; a line in use is refused")

    return carried_out(work, asked.folder)


if __name__ == "__main__":
    sys.exit(main())
