"""A minimal Debian in a folder: made by debootstrap, entered by chroot or booted.

Nothing stays mounted: all mounts are in a namespace that ends with its command.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SOURCE = Path("/usr/src/satellite")
"""Path of the source tree in the root."""
TREE = ("pyproject.toml", "README.md", "LICENSE", "satellite", "servers", "deploy")
LONGEST = 3600
"""Seconds for one command: an emulated processor takes ten times as long as a real one."""

_ENTER = """
root=$1; shift
mount -t proc proc "$root/proc"
# libraries count an ARM's cores there
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
exec chroot "$root" "$@"
"""
_BOOT = """
root=$1
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/run"
# the kernel's table of emulators is this machine's, and is left alone
mkdir -p "$root/run/systemd/system"
ln -s /dev/null "$root/run/systemd/system/systemd-binfmt.service"
ln -s /dev/null "$root/run/systemd/system/proc-sys-fs-binfmt_misc.automount"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
ip link set lo up
# not chroot: who is in one may make no user name space, and users' services have one each
cd "$root"
pivot_root . .
umount -l .
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=multi-user.target
"""


class Unable(Exception):
    """This machine cannot run the check; the message says why."""


class CleanRoot:
    """A Debian of one suite and architecture, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(
        self, *command: str, check: bool = True, alone: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in it, with this machine's network, or with `alone` only a loopback."""
        kept = {key: value for key, value in os.environ.items() if key.endswith("_proxy")}
        environment = {**kept, "HOME": "/root", "LC_ALL": "C.UTF-8"}
        environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        spaces = ["--mount", "--pid", "--fork", "--kill-child", *(["--net"] if alone else [])]
        script = "ip link set lo up\n" + _ENTER if alone else _ENTER
        done = subprocess.run(
            ["unshare", *spaces, "sh", "-euc", script, "sh", str(self.folder), *command],
            env=environment,
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )
        if check and done.returncode:
            said = done.stdout + done.stderr
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{said}")
        return done

    def put_source(self) -> None:
        """Copy the files of a checkout into it."""
        for name in TREE:
            target = self.folder / SOURCE.relative_to("/") / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
                shutil.copytree(ROOT / name, target, ignore=ignored)
            else:
                shutil.copy(ROOT / name, target)

    def files(self) -> set[str]:
        """Return every path in it."""
        found = set()
        for folder, folders, names in os.walk(self.folder):
            for name in (*folders, *names):
                path = Path(folder, name).relative_to(self.folder)
                found.add(f"/{path}")
        return found

    @contextlib.contextmanager
    def booted(self) -> Iterator[BootedRoot]:
        """Boot it with its systemd as the first process, until the end of the block."""
        if shutil.which("nsenter") is None or shutil.which("ip") is None:
            raise Unable("nsenter and ip are needed to boot a root")
        spaces = ["--mount", "--pid", "--fork", "--cgroup", "--uts", "--ipc", "--net"]
        process = subprocess.Popen(
            ["unshare", *spaces, "--kill-child", "sh", "-euc", _BOOT, "sh", str(self.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield BootedRoot(_child(process.pid))
        finally:
            process.kill()
            process.wait(10)


class BootedRoot:
    """A booted Debian; its first process is `pid` of this machine."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command in it; return its output."""
        enter = ["nsenter", "-t", str(self.pid), "--mount", "--pid", "--net", "--uts", "--ipc"]
        enter += [f"--root=/proc/{self.pid}/root", "--wd=/"]
        done = subprocess.run(
            [*enter, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *command],
            capture_output=True,
            text=True,
            timeout=120,
        )
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def until(self, wanted: str, *command: str, limit: float) -> float:
        """Wait until a command prints an expected text; return the seconds."""
        began = time.monotonic()
        while (said := self.run(*command, check=False)) != wanted:
            if time.monotonic() - began > limit:
                raise RuntimeError(f"{' '.join(command)} says {said!r}, not {wanted!r}")
            time.sleep(0.2)
        return time.monotonic() - began


def made(folder: Path, suite: str, architecture: str = "", packages: str = "") -> CleanRoot:
    """Create a root, or a copy of an earlier one. Raises `Unable`."""
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        raise Unable("a clean root needs root, and apt install debootstrap")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        raise Unable("no mounts of its own are allowed here")
    base = folder / f"base-{suite}-{architecture or 'native'}"
    if not base.exists():
        partial = base.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        arguments = ["--variant=minbase", f"--include=ca-certificates,{packages}".rstrip(",")]
        arguments += [f"--arch={architecture}"] if architecture else []
        done = subprocess.run(
            ["debootstrap", *arguments, suite, str(partial)], capture_output=True, text=True
        )
        if done.returncode:
            raise Unable(f"debootstrap failed: {done.stdout[-500:]}{done.stderr[-500:]}")
        partial.rename(base)
    root = folder / f"root-{suite}-{architecture or 'native'}-{os.getpid()}"
    subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(root)], check=True)
    # the network is this machine's, with its name servers and authorities
    for name in ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf"):
        if Path(name).exists():
            shutil.copy(name, root / name[1:])
    authorities = "etc/ssl/certs/ca-certificates.crt"
    if (Path("/") / authorities).exists():
        shutil.copy(Path("/") / authorities, root / authorities)
    return CleanRoot(root)


def carried_out(work: Callable[[Path], None], folder: Path | None) -> int:
    """Run checks in a folder, by default a new one; return the exit code: 0, 1 for a failed check
    (`RuntimeError`), or 3 if this machine cannot run it (`Unable`)."""
    place = folder or Path(tempfile.mkdtemp(prefix="satellite-root-"))
    try:
        work(place)
    except Unable as error:
        print(f"skipped: {error}")
        return 3
    except RuntimeError as error:
        print(f"FAILED: {error}")
        return 1
    finally:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)
    return 0


def _child(pid: int) -> int:
    """Return the process that `unshare` forked, once it exists."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    for _ in range(100):
        if found := children.read_text().split():
            return int(found[0])
        time.sleep(0.05)
    sys.exit("unshare did not start anything")
