"""Wrong contents of every file that is read: python -m tests.soak.fuzz_files [--minutes 60]

State, settings, keys, caches, models, language packs, own sentences and WAV files, each stored with
corrupted content and used as the program does. Fails if anything but a `SatelliteError` is raised,
if an exception is logged with its traceback, or if a file takes longer than 20 seconds or more than
2 GB. Contents that failed are saved in a folder, which is printed.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import yaml

from satellite.errors import SatelliteError
from tests.soak.mutate import corrupted, strange
from tests.soak.stored_files import FileKind, environment, kinds

PATIENCE = 20
"""Seconds of processor time for one content; loading a brain takes half of one."""
MEMORY = 2 << 30
"""Bytes that this process may use beyond what it has at first."""
SHOWN = 15.0
"""Seconds between two lines."""
BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
)
WHOLE = (
    b"", b"\0" * 5000, b"[" * 100_000, b"{" * 100_000, b'{"x":' * 50_000, b"\x91" * 100_000,
    b"null", b"1e999", b"9" * 10_000, b'"\\ud800"', b"\xff\xfe\x00\xd8", b"a: &a [*a]\n",
    b"&a [*a]\n", BOMB.encode(), f"- &b\n  {BOMB}".replace("\n", "\n  ").encode(),
    b"a = " + b"[" * 5000, b"? [a]\n: b\n", b"true: no\n1: 2\n~: x\n", b"inherits: eo\n",
)  # fmt: skip
"""Contents that broke programs before."""
TEMPLATES = (
    "[" * 30 + "x" + "]" * 30, "(a|b)" * 40, "[a] " * 60, "<self>", "{" * 50, "{0}", "{name.x}",
    "{number!r:>99999999}", "(a+)+$", "(?P<x>", "%s%n", "\\", "n % 0 = 1", "a" * 20_000,
)  # fmt: skip
"""Texts that templates, patterns and rules of a pack do not expect."""


class TooLongError(Exception):
    """A content took more than `PATIENCE`."""


class Logged(logging.Handler):
    """Counts logged tracebacks."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.levelno >= logging.WARNING:
            self.found.append(self.format(record))


class FileFuzz:
    """The corruptions, and what came of them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.kinds = kinds(folder)
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.slowest: dict[str, float] = {}
        self.failures: dict[str, str] = {}
        """The first traceback of each kind and error."""
        self.contents: dict[str, bytes] = {}
        self._random = random.Random(seed)
        self._logged = Logged()

    def run(self, seconds: float) -> None:
        """Corrupt and use files for some seconds."""
        logging.getLogger().addHandler(self._logged)
        signal.signal(signal.SIGPROF, self._late)
        began = shown = time.monotonic()
        weights = [kind.weight for kind in self.kinds]
        for kind in self.kinds:
            for content in (kind.usual, *WHOLE):
                self.one(kind, content)
        while time.monotonic() - began < seconds:
            (kind,) = self._random.choices(self.kinds, weights)
            self.one(kind, self.content(kind))
            if time.monotonic() - shown > SHOWN:
                shown = time.monotonic()
                print(f"{shown - began:6.0f} s {self.done.total():8d} contents", flush=True)

    def one(self, kind: FileKind, content: bytes) -> None:
        """Use one content."""
        began = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, PATIENCE)
        problem = name = ""
        try:
            kind.use(content)
        except SatelliteError:
            self.refused[kind.name] += 1
        except (Exception, RecursionError) as error:
            problem, name = traceback.format_exc()[-3000:], type(error).__name__
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        if self._logged.found:
            problem, name = problem or self._logged.found[0][-3000:], name or "logged"
            self._logged.found.clear()
        if problem:
            where = f"{kind.name}: {name}: {_last_line(problem)}"
            self.failures.setdefault(where, problem)
            self.contents.setdefault(where, content)
        self.done[kind.name] += 1
        took = time.process_time() - began
        self.slowest[kind.name] = max(self.slowest.get(kind.name, 0.0), took)

    def content(self, kind: FileKind) -> bytes:
        """Return a corrupted content: in its structure, as bytes, or both."""
        chance, content = self._random, kind.usual
        if chance.random() < 0.7:
            content = self._restructured(content)
        for _ in range(chance.choice((0, 0, 1, 1, 3))):
            content = corrupted(chance, content)
        return content

    def _restructured(self, content: bytes) -> bytes:
        try:
            value = json.loads(content)
            write: Any = json.dumps
        except ValueError:
            try:
                value = yaml.load(content, yaml.CSafeLoader)
            except (yaml.YAMLError, ValueError):
                return content
            write = _yaml
        for _ in range(self._random.choice((1, 1, 2, 5))):
            value = self._replaced(value)
        try:
            return str(write(value)).encode("utf-8", "surrogatepass")
        except (TypeError, ValueError, yaml.YAMLError):
            return content

    def _replaced(self, value: Any) -> Any:
        chance = self._random
        if isinstance(value, dict) and value and chance.random() < 0.9:
            key = chance.choice(list(value))
            if chance.random() < 0.1:
                return (
                    {**value, str(self._odd()): value[key]}
                    if chance.random() < 0.5
                    else _less(value)
                )
            return {**value, key: self._replaced(value[key])}
        if isinstance(value, list) and value and chance.random() < 0.9:
            place = chance.randrange(len(value))
            return [*value[:place], self._replaced(value[place]), *value[place + 1 :]]
        if isinstance(value, str) and value and chance.random() < 0.3:
            place = chance.randrange(len(value))
            return value[:place] + chance.choice(TEMPLATES) + value[place:]
        return self._odd()

    def _odd(self) -> Any:
        odd = self._random.choice((*strange(), *TEMPLATES))
        return str(odd) if isinstance(odd, list | dict) and self._random.random() < 0.5 else odd

    def _late(self, number: int, frame: FrameType | None) -> None:
        raise TooLongError(f"more than {PATIENCE} s")


def _less(value: dict[Any, Any]) -> dict[Any, Any]:
    return dict(list(value.items())[1:])


def _yaml(value: Any) -> str:
    return str(yaml.dump(value, Dumper=yaml.CSafeDumper, allow_unicode=True))


def _last_line(problem: str) -> str:
    places = [line.strip() for line in problem.splitlines() if line.startswith("  File ")]
    ours = [place for place in places if "/satellite/" in place or "/servers/" in place]
    return (ours or places or [""])[-1]


def main() -> int:
    """Fuzz, and print the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    parser.add_argument("--keep", type=Path, help="folder for contents that fail")
    given = parser.parse_args()
    print(f"seed {given.seed}")
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, resource.RLIM_INFINITY))
    with tempfile.TemporaryDirectory() as folder:
        environment(Path(folder))
        fuzz = FileFuzz(Path(folder), given.seed)
        fuzz.run(given.minutes * 60)
    for kind in fuzz.kinds:
        name = kind.name
        print(
            f"{name:32} {fuzz.done[name]:7d} contents, {fuzz.refused[name]:7d} refused, "
            f"slowest {fuzz.slowest[name]:.2f} s"
        )
    if fuzz.failures:
        saved = given.keep or Path(tempfile.mkdtemp(prefix="fuzz-files-"))
        saved.mkdir(parents=True, exist_ok=True)
        for number, (where, problem) in enumerate(fuzz.failures.items()):
            (saved / f"{number:03}").write_bytes(fuzz.contents[where])
            print(f"FAILED: {where} ({saved / f'{number:03}'})\n{problem}")
    print(f"{fuzz.done.total()} contents of {len(fuzz.kinds)} kinds; {len(fuzz.failures)} failures")
    return bool(fuzz.failures)


if __name__ == "__main__":
    sys.exit(main())
