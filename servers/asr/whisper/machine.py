"""The device, threads and workers that a Whisper model runs on."""

from __future__ import annotations

import msgspec

THREADS = 4
"""Most threads for one request: faster-whisper's own default; small models gain nothing beyond."""
_BATCH = {"cpu": 2, "cuda": 8}
"""Most texts decoded in one batch. On a graphics card, a step for eight takes about as long as one
for three. On CPU, two take 63 % of the time of two alone, four 53 % and eight 51 % (Whisper base,
int8, five beams), while each text takes memory for the attention to its window: 48 MB with base,
490 MB with large."""


class Machine(msgspec.Struct, frozen=True):
    """Where and how a model runs, in CTranslate2's terms."""

    device: str
    compute_type: str
    threads: int
    """Threads for each worker (CPU only)."""
    workers: int
    """Batches processed at once; all share the model's weights."""

    def __str__(self) -> str:
        return (
            f"{self.device} ({self.compute_type}), threads: {self.threads}, workers: {self.workers}"
        )

    @property
    def batch(self) -> int:
        """Most texts decoded in one batch."""
        return _BATCH["cuda" if self.on_cuda else "cpu"]

    @property
    def encoders(self) -> int:
        """Most windows encoded at once.

        On CPU half of the workers, the others decode: encoding takes two thirds of the time, and
        more of it at once takes memory (100 MB for each window of Whisper base), but less time only
        where cores would be idle.
        """
        return self.workers if self.on_cuda else (self.workers + 1) // 2

    @property
    def on_cuda(self) -> bool:
        """Whether the model runs on a graphics card."""
        return self.device.startswith("cuda")


def choose(
    device: str, compute_type: str, threads: int, workers: int, cuda: bool, cores: int
) -> Machine:
    """Choose values for `auto` and, in numbers, for 0.

    A lone request gets all cores of a small machine. Two workers there have that many threads each:
    they share the cores when both have work, which takes no longer than half the threads for each,
    as measured on two cores.
    """
    if device == "auto":
        device = "cuda" if cuda else "cpu"
    on_cuda = device.startswith("cuda")
    if compute_type == "auto":
        compute_type = "float16" if on_cuda else "int8"
    threads = threads or max(1, min(cores, THREADS))
    if not workers:
        workers = 1 if on_cuda or cores < 2 else max(2, cores // THREADS)
    return Machine(device, compute_type, threads, workers)


def has_cuda() -> bool:
    """Return whether CTranslate2 sees a CUDA device. Loading shows whether its libraries exist."""
    import ctranslate2

    try:
        return bool(ctranslate2.get_cuda_device_count())
    except RuntimeError:  # a driver that is too old
        return False
