"""Settings of the native libraries below a Whisper model, which read them once, when loaded.

Settings that exist in the environment take precedence.
"""

from __future__ import annotations

import ctypes
import importlib
import logging
import os
from pathlib import Path

_LOGGER = logging.getLogger(__name__)

_AVX512 = frozenset({"avx512f", "avx512cd", "avx512vl", "avx512bw", "avx512dq"})
"""Instruction sets that CTranslate2's AVX-512 loops are compiled with, by Linux's names."""
_SPINS = "1000"
"""Iterations that an OpenMP thread spins before it sleeps: microseconds. During libgomp's default
of 300,000, the threads of a decoder, whose steps are short, take the cores from each other."""
_ONE_THREAD = (
    "scipy_openblas_set_num_threads64_",  # NumPy's wheels
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",  # a distribution's NumPy
)


def prepare(cpuinfo: Path = Path("/proc/cpuinfo")) -> None:
    """Apply the settings. Must run before the first import of `ctranslate2`.

    - CTranslate2's own loops, such as softmax, use AVX2 by default, even if the CPU has more. With
      AVX-512, which MKL uses in any case, a window of Whisper tiny takes a thirteenth less time.
    - Idle OpenMP threads sleep instead of spinning.
    - NumPy's OpenBLAS threads spin, too: for 100 ms of a core that the model needs, after each
      product of a spectrogram, which a single thread computes in less than 1 ms.
    """
    if cpu_flags(cpuinfo) >= _AVX512:
        os.environ.setdefault("CT2_FORCE_CPU_ISA", "AVX512")
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)
    if "OPENBLAS_NUM_THREADS" not in os.environ:
        _one_thread_for_numpy()


def cpu_flags(path: Path) -> frozenset[str]:
    """Return the CPU's features from Linux's `cpuinfo` on x86; empty elsewhere."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return frozenset()
    flags = (line.partition(":")[2] for line in lines if line.startswith("flags"))
    return frozenset(next(flags, "").split())


def _one_thread_for_numpy() -> None:
    for name in ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath"):
        try:
            library = ctypes.CDLL(str(importlib.import_module(name).__file__))
        except (ImportError, OSError):
            continue
        for function in _ONE_THREAD:
            if hasattr(library, function):  # in the library itself, or in a dependency
                getattr(library, function)(1)
                return
    _LOGGER.debug("NumPy's linear algebra is not OpenBLAS")
