"""What goes wrong with Ollama, as errors that name the command that mends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from satellite.errors import (
    AnswerBroken,
    EngineBusy,
    EngineDown,
    EngineError,
    EngineFailed,
    EngineTimeout,
    ModelMissing,
    OutOfMemory,
)

_MEMORY = re.compile(
    r"more system memory|out of memory|not enough memory|insufficient memory|cudaMalloc|"
    r"(failed|unable) to allocate|signal: killed",
    re.IGNORECASE,
)
_STOPPED = re.compile(r"unexpectedly stopped|no longer running|\bEOF\b", re.IGNORECASE)
_MISSING = re.compile(r"\bnot found\b.*\bpull|model .*not found", re.IGNORECASE)
_BUSY = re.compile(r"server busy|maximum pending", re.IGNORECASE)
UNSUPPORTED = re.compile(r"does not support (tools|thinking)")


class Unsupported(EngineFailed):
    """The model cannot do what was asked of it; `what` is `tools` or `thinking`."""

    def __init__(self, what: str, text: str) -> None:
        super().__init__(text)
        self.what = what


@contextmanager
def explained(model: str, address: str, timeout: float) -> Iterator[None]:
    """Turn whatever Ollama's client raises inside into an `EngineError`."""
    import httpx
    import ollama

    try:
        yield
    except ollama.ResponseError as error:
        raise refused(model, error.error, error.status_code) from error
    except (ConnectionError, httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise EngineDown(
            f"Ollama does not answer at {address}: start it (ollama serve), or set the option host"
        ) from error
    except (httpx.TimeoutException, TimeoutError) as error:
        raise EngineTimeout(
            f"Ollama at {address} was silent for {timeout:g} s with {model}: see what it does "
            "(ollama ps), start it anew (systemctl restart ollama), or raise the option timeout"
        ) from error
    except (httpx.HTTPError, httpx.StreamError, OSError, ValueError) as error:
        raise broken(model, str(error) or type(error).__name__) from error


def refused(model: str, said: str, status: int) -> EngineError:
    """The error for what Ollama says; `status` is HTTP's, or -1 in the middle of an answer."""
    said = " ".join(said.split())[:300]
    if found := UNSUPPORTED.search(said):
        hint = ": set think=false" if found[1] == "thinking" else ""
        return Unsupported(found[1], f"ollama:{model} does not support {found[1]}{hint}")
    if _MEMORY.search(said):
        return OutOfMemory(
            f"ollama:{model} does not fit into memory ({said}): choose a smaller model, lower "
            "num_ctx, or unload another (ollama ps, ollama stop NAME)"
        )
    if _MISSING.search(said) or status == 404:
        return ModelMissing(
            f"the model {model} is not in Ollama ({said}): satellite models pull ollama:{model}"
        )
    if status == 503 or _BUSY.search(said):
        return EngineBusy(f"Ollama is busy ({said}): ask later, or raise OLLAMA_MAX_QUEUE")
    if _STOPPED.search(said):
        return broken(model, said)
    return EngineFailed(f"Ollama with {model}: {said}")


def broken(model: str, why: str) -> AnswerBroken:
    """The error for an answer that ended before its end."""
    return AnswerBroken(
        f"the answer of ollama:{model} broke off ({why}): see what Ollama says "
        "(journalctl -u ollama, or ollama serve in a terminal)"
    )
