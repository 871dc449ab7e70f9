"""The models of an Ollama server: listed, pulled and removed through its API."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import datetime
from typing import TypeVar

import msgspec

from satellite.errors import DownloadFailed, ModelMissing
from servers import http_api
from servers.http_api import Answer
from servers.models.manifest import Installed
from servers.models.names import OLLAMA, Name
from servers.models.ollama_api import OllamaApi, tagged
from servers.models.progress import Progress
from servers.models.retry import RetryPolicy, TransientError

A = TypeVar("A", bound=Answer)
T = TypeVar("T")

_LOGGER = logging.getLogger(__name__)

SILENCE = 600.0
"""Seconds without a line of a pull: Ollama sends none while it checks the hash of a large model."""

_ASKING = 5.0
"""Seconds of silence in an answer that takes no work, of a machine in the house."""


class OllamaModels:
    """The models of one Ollama. Everything here blocks: call it on a thread without an event loop.

    Raises `DownloadFailed` for a host that is no address.
    """

    def __init__(
        self, host: str = "", *, offline: bool = False, retry: RetryPolicy | None = None
    ) -> None:
        """An empty host means OLLAMA_HOST, or port 11434 of this machine."""
        self._host = host
        self._offline = offline
        self._retry = retry or RetryPolicy()

    @property
    def url(self) -> str:
        """The URL of this Ollama."""
        return self._api(_ASKING).url

    def installed(self) -> tuple[Installed, ...]:
        """Return the models that Ollama has; none if it does not run."""
        try:
            return self._listed()
        except DownloadFailed as error:
            _LOGGER.debug("%s", error)
            return ()

    def has(self, name: Name) -> bool:
        """Return whether Ollama has a model. Raises `DownloadFailed` when it does not answer."""
        return tagged(name.name) in {tagged(model.name) for model in self._listed()}

    def pull(self, name: Name, progress: Progress) -> None:
        """Have Ollama fetch a model, which it resumes and checks itself.

        Raises:
            ModelMissing: There is no such model, or `offline` forbids the download.
            DownloadFailed: Ollama does not run or cannot fetch it.
        """
        if self._offline:
            if self.has(name):
                return
            raise ModelMissing(f"{name} is not in Ollama and models.offline forbids the download")
        pulled = _PullProgress(str(name), progress)
        try:
            self._retry.keep_trying(
                lambda: self._run(name.name, SILENCE, lambda api: _pull(api, name.name, pulled)),
                str(name),
                progress,
                pulled.gained,
            )
        finally:
            pulled.close()

    def remove(self, name: Name) -> None:
        """Have Ollama delete a model. Raises `ModelMissing`, `DownloadFailed`."""
        self._ask(name.name, "DELETE", "/api/delete", {"model": name.name}, Answer)

    def _listed(self) -> tuple[Installed, ...]:
        found = self._ask("", "GET", "/api/tags", None, _Models)
        return tuple(
            Installed(OLLAMA, model.model, model.size, 1, _when(model.modified_at), "")
            for model in found.models
        )

    def _ask(
        self, model: str, method: str, path: str, body: dict[str, str] | None, kind: type[A]
    ) -> A:
        """Make one request that takes no work. Raises `ModelMissing`, `DownloadFailed`."""
        try:
            return self._run(model, _ASKING, lambda api: api.ask(method, path, body, kind))
        except TransientError as error:
            raise DownloadFailed(str(error)) from error

    def _api(self, silence: float) -> OllamaApi:
        try:
            return OllamaApi(self._host, silence)
        except ValueError as error:
            raise DownloadFailed(
                f"models.ollama = {self._host}: is no address of an Ollama ({error})"
            ) from error

    def _run(self, model: str, silence: float, work: Callable[[OllamaApi], Awaitable[T]]) -> T:
        """Do some work in an event loop of its own. Raises `TransientError` for what may pass."""
        api = self._api(silence)

        async def run() -> T:
            async with api:
                return await work(api)

        try:
            return asyncio.run(run())
        except http_api.Unreachable as error:
            raise DownloadFailed(
                f"Ollama does not answer at {api.url}: start it (ollama serve), or set "
                "models.ollama"
            ) from error
        except http_api.Refused as error:
            if error.status == 404 or "file does not exist" in error.text:
                raise ModelMissing(f"ollama:{model}: Ollama has no such model ({error})") from error
            if error.status >= 500 or error.status == 200:
                raise TransientError(f"Ollama says: {error}") from error
            raise DownloadFailed(f"ollama:{model}: Ollama says: {error}") from error
        except http_api.ApiError as error:
            raise TransientError(f"Ollama at {api.url}: {error}") from error


class _Model(msgspec.Struct, frozen=True):
    model: str = ""
    size: int = 0
    """Bytes."""
    modified_at: datetime | None = None


class _Models(Answer, frozen=True):
    models: tuple[_Model, ...] = ()


class _Step(Answer, frozen=True):
    """A line of a pull: what is done now, and for a layer its bytes."""

    status: str = ""
    digest: str = ""
    total: int = 0
    completed: int = 0


async def _pull(api: OllamaApi, model: str, pulled: _PullProgress) -> None:
    status = ""
    body = {"model": model, "stream": True}
    async with aclosing(api.stream("/api/pull", body, _Step)) as steps:
        async for step in steps:
            status = step.status
            if step.digest and step.total:
                pulled.layer(step.digest, step.total, step.completed)
    if status != "success":
        raise TransientError(f"Ollama stopped at: {status or 'nothing'}")


def _when(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


class _PullProgress:
    """Sums the progress of a model's layers, which Ollama reports one by one."""

    def __init__(self, model: str, progress: Progress) -> None:
        self._model = model
        self._progress = progress
        self._layers: dict[str, tuple[int, int]] = {}
        self._best = 0

    def layer(self, digest: str, total: int, completed: int) -> None:
        """Count `completed` of a layer's `total` bytes."""
        first = not self._layers
        known = digest in self._layers
        before = self._layers.get(digest, (0, 0))[1]
        self._layers[digest] = (total, completed)
        if not known:
            everything = sum(size for size, _ in self._layers.values())
            self._progress.begin(self._model, everything, completed if first else 0)
        if known or not first:
            self._progress.advance(completed - before)

    def gained(self) -> bool:
        """Return whether more has come since the last call."""
        here = sum(done for _, done in self._layers.values())
        more, self._best = here > self._best, max(here, self._best)
        return more

    def close(self) -> None:
        """End the progress."""
        if self._layers:
            self._progress.end()
