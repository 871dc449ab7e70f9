"""How the native libraries below a Whisper model are set: those that read it once, when they come.

What somebody has set in the environment stays as it is.
"""

from __future__ import annotations

import ctypes
import importlib
import logging
import os
from pathlib import Path

_LOGGER = logging.getLogger(__name__)

_AVX512 = frozenset({"avx512f", "avx512cd", "avx512vl", "avx512bw", "avx512dq"})
"""What CTranslate2's loops for AVX-512 are compiled with, by Linux' names."""
_SPINS = "1000"
"""Rounds that an OpenMP thread waits awake for more work: microseconds. libgomp's own are 300,000,
in which the threads of a decoder, whose steps are short, take the cores from each other."""
_ONE_THREAD = (
    "scipy_openblas_set_num_threads64_",  # NumPy's wheels
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",  # a distribution's NumPy
)


def prepare(cpuinfo: Path = Path("/proc/cpuinfo")) -> None:
    """Set them, before the first import of `ctranslate2`.

    - CTranslate2's own loops, such as softmax, use AVX2 and not what more the CPU has, unless they
      are told to. MKL, next to them, uses AVX-512 in any case. A window of Whisper tiny takes a
      thirteenth less.
    - OpenMP's threads sleep while there is nothing for them, instead of spinning.
    - NumPy's own threads, OpenBLAS', spin too, 100 ms of a core for each spectrogram's product,
      which one thread makes in less than one, of a core that the model needs.
    """
    if cpu_flags(cpuinfo) >= _AVX512:
        os.environ.setdefault("CT2_FORCE_CPU_ISA", "AVX512")
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)
    if "OPENBLAS_NUM_THREADS" not in os.environ:
        _one_thread_for_numpy()


def cpu_flags(path: Path) -> frozenset[str]:
    """What the CPU can do, where the system tells as Linux does on x86."""
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
            if hasattr(library, function):  # of the library itself, or of one that it needs
                getattr(library, function)(1)
                return
    _LOGGER.debug("NumPy's linear algebra is not OpenBLAS")
