"""Language models in GGUF files that are worth recommending, by size."""

from __future__ import annotations

import msgspec


class GgufModel(msgspec.Struct, frozen=True):
    """The file of a model on Hugging Face."""

    repository: str
    file: str
    license: str
    megabytes: int
    """Of the file; in memory it takes about as much, and the context some hundred more."""


RECOMMENDED = {
    "qwen2.5-0.5b": GgufModel(
        "Qwen/Qwen2.5-0.5B-Instruct-GGUF", "qwen2.5-0.5b-instruct-q4_k_m.gguf", "Apache-2.0", 491
    ),
    "qwen2.5-1.5b": GgufModel(
        "Qwen/Qwen2.5-1.5B-Instruct-GGUF", "qwen2.5-1.5b-instruct-q4_k_m.gguf", "Apache-2.0", 1117
    ),
    "qwen3-1.7b": GgufModel("Qwen/Qwen3-1.7B-GGUF", "Qwen3-1.7B-Q8_0.gguf", "Apache-2.0", 1834),
    "qwen3-4b": GgufModel("Qwen/Qwen3-4B-GGUF", "Qwen3-4B-Q4_K_M.gguf", "Apache-2.0", 2497),
    "qwen3-8b": GgufModel("Qwen/Qwen3-8B-GGUF", "Qwen3-8B-Q4_K_M.gguf", "Apache-2.0", 5028),
}
"""By name. The smallest answers on a Raspberry Pi 5, the largest needs 8 GB of memory; all of them
speak more than ten languages, Chinese among them."""


def location(name: str) -> tuple[str, str] | None:
    """Return the repository and the file of a name; None for one that only the user knows."""
    if (known := RECOMMENDED.get(name)) is not None:
        return known.repository, known.file
    repository, colon, file = name.partition(":")
    return (repository, file) if colon else None
