"""What differs between operating systems stands in `satellite.lib.platform`, and nowhere else."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PLACE = ROOT / "satellite" / "lib" / "platform"

MODULES = frozenset(
    {"curses", "fcntl", "grp", "msvcrt", "posix", "pty", "pwd", "readline", "resource", "select"}
    | {"signal", "syslog", "termios", "tty", "winreg", "winsound", "_winapi"}
)
"""Modules that only some systems have, or that do other things on each."""

ATTRIBUTES = {
    "os": frozenset(
        {"O_CLOEXEC", "O_DIRECTORY", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK", "ST_RDONLY", "chown"}
        | {"fchmod", "fchown", "fork", "getegid", "geteuid", "getgid", "getloadavg", "getpgid"}
        | {"getpriority", "getuid", "initgroups", "kill", "killpg", "mkfifo", "name", "nice"}
        | {"sched_setaffinity", "setegid", "seteuid", "setgid", "setpriority", "setsid", "setuid"}
        | {"statvfs", "sysconf", "uname"}
    ),
    "sys": frozenset({"getwindowsversion", "platform"}),
    "time": frozenset({"clock_gettime", "tzset"}),
    "socket": frozenset({"AF_UNIX", "SOCK_CLOEXEC", "SO_PEERCRED", "SO_REUSEPORT"}),
    "asyncio": frozenset({"open_unix_connection", "start_unix_server", "get_child_watcher"}),
    "ctypes": frozenset({"WinDLL", "windll"}),
    "mmap": frozenset({"MADV_DONTNEED"}),
}
METHODS = frozenset({"add_reader", "add_signal_handler", "add_writer", "remove_reader"})
"""Of the event loop: the usual one of Windows has none of them."""
KEYWORDS = frozenset({"preexec_fn", "start_new_session", "process_group", "creationflags"})

SIGNALS = {"satellite/cli/runner.py"}
"""SIGINT and SIGTERM alone, which every system has, by `signal.signal`."""


def differences(path: Path) -> list[str]:
    """Return the places where a file depends on the system."""
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    return [
        f"{name}:{line}: {found}"
        for line, found in sorted(_differences(ast.parse(path.read_text())))
        if not (found == "signal" and name in SIGNALS)
    ]


def _differences(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((node.lineno, name) for name in _imports(node))
        elif isinstance(node, ast.Attribute | ast.Call | ast.keyword) and (found := _use(node)):
            yield node.lineno, found


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    names = [alias.name for alias in node.names]
    if isinstance(node, ast.Import):
        yield from (name for name in names if _head(name) in MODULES)
    elif _head(node.module or "") in MODULES:
        yield node.module or ""
    else:
        yield from (name for name in names if name in ATTRIBUTES.get(node.module or "", ()))


def _use(node: ast.Attribute | ast.Call | ast.keyword) -> str:
    match node:
        case ast.Attribute(value=ast.Name(id=module), attr=part):
            if part in ATTRIBUTES.get(module, METHODS):
                return f"{module}.{part}"
        case ast.Attribute(attr=part) if part in METHODS:
            return part
        case ast.Call(func=ast.Name(id="getattr" | "hasattr"), args=[ast.Name(id=module), *_]):
            return f"getattr({module})" if module in ATTRIBUTES else ""
        case ast.Call(func=ast.Attribute(attr="CDLL"), args=[ast.Constant(value=None)]):
            return "CDLL(None)"
        case ast.keyword(arg=str(word)) if word in KEYWORDS:
            return word
    return ""


def _head(module: str) -> str:
    return module.partition(".")[0]


def test_no_other_module_depends_on_the_system() -> None:
    files = [file for room in ("satellite", "servers") for file in (ROOT / room).rglob("*.py")]
    others = [file for file in files if not file.is_relative_to(PLACE)]
    found = [place for file in others for place in differences(file)]
    assert len(others) > 600
    assert not found, "put it into satellite.lib.platform:\n" + "\n".join(found)


def test_what_depends_on_the_system_is_found(tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    file.write_text(
        "import fcntl\nfrom os import geteuid\nimport os, sys, socket\n"
        "sys.platform\nos.O_NONBLOCK\nloop().add_reader(1)\n"
        "hasattr(os, 'x')\nf(start_new_session=True)\nfrom termios import ECHO\nctypes.CDLL(None)\n"
    )
    assert [int(place.split(":")[1]) for place in differences(file)] == [1, 2, *range(4, 11)]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_the_types_are_right_on_other_systems(system: str) -> None:
    program = Path(sys.executable).with_name("mypy")
    cache = ROOT / ".mypy_cache" / system  # the usual one would be written again for each system
    done = subprocess.run(
        [program, "--platform", system, "--cache-dir", cache],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
