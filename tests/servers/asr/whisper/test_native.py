"""The native libraries are configured before they load, unless the environment does it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from servers.asr.whisper import native

_PRODUCTS = """
import json, os, sys, time
import numpy as np
from servers.asr.whisper import native
if sys.argv[1] == "prepared":
    native.prepare()
one, other = np.ones((80, 201), np.float32), np.ones((201, 300), np.float32)
one @ other
time.sleep(0.3)
began = time.process_time()
for _ in range(5):
    one @ other
    time.sleep(0.05)
print(json.dumps([time.process_time() - began, os.environ.get("GOMP_SPINCOUNT"),
                  os.environ.get("CT2_FORCE_CPU_ISA")]))
"""
EVERYTHING = "flags\t\t: fpu avx2 avx512f avx512cd avx512vl avx512bw avx512dq amx\n"


def products(how: str, **environment: str) -> list[object]:
    """Return the CPU seconds of five products with pauses in between, and the environment."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(("OPENBLAS", "GOMP", "OMP"))}
    done = subprocess.run(
        [sys.executable, "-c", _PRODUCTS, how],
        env={**own, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found: list[object] = json.loads(done.stdout)
    return found


def test_the_threads_of_numpy_do_not_spin() -> None:
    seconds, spins, _ = products("prepared")
    assert isinstance(seconds, float)
    assert seconds < 0.05  # 0.3 to 0.5 s with two spinning threads
    assert spins == "1000"


@pytest.mark.parametrize(
    ("variable", "value"), [("GOMP_SPINCOUNT", "77"), ("OMP_WAIT_POLICY", "active")]
)
def test_the_environment_takes_precedence(variable: str, value: str) -> None:
    _, spins, isa = products("prepared", **{variable: value, "CT2_FORCE_CPU_ISA": "GENERIC"})
    assert spins == ("77" if variable == "GOMP_SPINCOUNT" else None)
    assert isa == "GENERIC"


@pytest.mark.parametrize(
    ("cpuinfo", "wide"),
    [
        (f"processor\t: 0\n{EVERYTHING}", True),
        (EVERYTHING.replace("avx512bw", ""), False),
        ("processor\t: 0\nFeatures\t: fp asimd\n", False),
        ("", False),
    ],
)
def test_avx512_is_requested_only_if_fully_supported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpuinfo: str, wide: bool
) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(cpuinfo)
    monkeypatch.delenv("CT2_FORCE_CPU_ISA", raising=False)
    monkeypatch.setenv("GOMP_SPINCOUNT", "1000")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    native.prepare(path)
    assert os.environ.get("CT2_FORCE_CPU_ISA") == ("AVX512" if wide else None)


def test_a_system_without_cpuinfo_has_no_flags(tmp_path: Path) -> None:
    assert native.cpu_flags(tmp_path / "none") == frozenset()
