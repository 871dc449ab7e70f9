"""The memory of a loaded model: its weights once, whatever the number of workers."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.real_models import real_model

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's memory"),
]

PROGRAM = """
import sys
from pathlib import Path

from servers.asr.malloc import give_back
from servers.asr.whisper.machine import Machine
from servers.asr.whisper.model import Model

model = Model(Path(sys.argv[1]), Machine("cpu", "int8", threads=1, workers=int(sys.argv[2])))
model.warm_up()
give_back()
print(Path("/proc/self/smaps_rollup").read_text())
"""


def resident(folder: Path, workers: int) -> int:
    """Return the bytes that a process has with a model for a number of workers."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), str(workers)],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    (kilobytes,) = re.findall(r"^Pss: +(\d+) kB", done.stdout, re.MULTILINE)
    return int(kilobytes) * 1024


def test_workers_share_the_weights() -> None:
    folder = real_model("whisper-tiny.en")
    weights = (folder / "model.bin").stat().st_size / 2  # int8; the file has 16 bits
    assert resident(folder, workers=4) - resident(folder, workers=1) < weights / 2
