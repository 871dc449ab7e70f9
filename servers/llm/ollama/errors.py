"""Failures of Ollama as engine errors, each with its remedy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from satellite.errors import (
    AnswerBroken,
    EngineBusy,
    EngineClosed,
    EngineDown,
    EngineError,
    EngineFailed,
    EngineTimeout,
    ModelMissing,
    OutOfMemory,
)
from servers import http_api
from servers.llm.chat.client import Unsupported

_MEMORY = re.compile(
    r"more system memory|out of memory|not enough memory|insufficient memory|cudaMalloc|"
    r"(failed|unable) to allocate|signal: killed",
    re.IGNORECASE,
)
_STOPPED = re.compile(r"unexpectedly stopped|no longer running|\bEOF\b", re.IGNORECASE)
_MISSING = re.compile(r"\bnot found\b.*\bpull|model .*not found", re.IGNORECASE)
_BUSY = re.compile(r"server busy|maximum pending", re.IGNORECASE)
UNSUPPORTED = re.compile(r"does not support (tools|thinking)")


@contextmanager
def engine_errors(model: str, url: str, timeout: float) -> Iterator[None]:
    """Turn an `ApiError` raised inside, or a `TimeoutError`, into an `EngineError`."""
    try:
        yield
    except http_api.Closed as error:
        raise closed_error() from error
    except http_api.Refused as error:
        raise error_for(model, error.text, error.status) from error
    except http_api.Unreachable as error:
        raise EngineDown(
            f"Ollama does not answer at {url}: start it (ollama serve), or set the option host"
        ) from error
    except (http_api.Silent, TimeoutError) as error:
        asked = f" with {model}" if model else ""
        raise EngineTimeout(
            f"Ollama at {url} was silent for {timeout:g} s{asked}: see what is loaded "
            "(ollama ps), restart it (systemctl restart ollama), or raise the option timeout"
        ) from error
    except (http_api.Interrupted, OSError) as error:
        raise broken_answer(model, str(error) or type(error).__name__) from error


def closed_error() -> EngineClosed:
    """Return the error for a request of a closed engine."""
    return EngineClosed("ollama was closed")


def error_for(model: str, text: str, status: int) -> EngineError:
    """Return the error for a message of Ollama's; `status` as in `http_api.Refused`."""
    if found := UNSUPPORTED.search(text):
        hint = ": set think=false" if found[1] == "thinking" else ""
        return Unsupported(found[1], f"ollama:{model} does not support {found[1]}{hint}")
    if _MEMORY.search(text):
        return OutOfMemory(
            f"ollama:{model} does not fit into memory ({text}): choose a smaller model, lower "
            "num_ctx, or unload another (ollama ps, ollama stop NAME)"
        )
    if _MISSING.search(text) or status == 404:
        return ModelMissing(
            f"the model {model} is not in Ollama ({text}): satellite models pull ollama:{model}"
        )
    if status == 503 or _BUSY.search(text):
        return EngineBusy(f"Ollama is busy ({text}): try again later, or raise OLLAMA_MAX_QUEUE")
    if _STOPPED.search(text):
        return broken_answer(model, text)
    return EngineFailed(f"Ollama with {model}: {text}")


def broken_answer(model: str, why: str) -> AnswerBroken:
    """Return the error for an incomplete answer."""
    return AnswerBroken(
        f"the answer of ollama:{model} broke off ({why}): see the log of Ollama "
        "(journalctl -u ollama, or ollama serve in a terminal)"
    )
