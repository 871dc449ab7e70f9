"""The models that Ollama keeps, through its own interface."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from satellite.errors import DownloadFailed, ModelMissing, PackageMissing
from satellite.requirements import Package
from servers.models.manifest import Installed
from servers.models.names import OLLAMA, Name
from servers.models.patience import Broken, RetryPolicy
from servers.models.progress import Progress

if TYPE_CHECKING:
    import ollama

_LOGGER = logging.getLogger(__name__)

QUIET = 600.0
"""Seconds without a word from Ollama: while it checks the hash of a large model it says nothing."""

_ASKING = 5.0
"""Seconds for an answer that takes no work, of a machine in the house."""


class OllamaModels:
    """Asks the Ollama at an address. Everything here blocks: call it on a thread."""

    def __init__(
        self, address: str = "", *, offline: bool = False, patience: RetryPolicy | None = None
    ) -> None:
        """The address is OLLAMA_HOST, or port 11434 of this machine, where it is empty."""
        self._address = address
        self._offline = offline
        self._patience = patience or RetryPolicy()

    @property
    def address(self) -> str:
        """The URL that is spoken to."""
        with self._client(_ASKING) as client:
            return str(client._client.base_url).rstrip("/")  # noqa: SLF001

    def installed(self) -> tuple[Installed, ...]:
        """The models that Ollama has; none where it does not run."""
        try:
            return self._listed()
        except (DownloadFailed, PackageMissing) as error:
            _LOGGER.debug("%s", error)
            return ()

    def has(self, name: Name) -> bool:
        """Whether Ollama has a model. Raises `DownloadFailed` when it does not answer."""
        return _tagged(name.name) in {_tagged(model.name) for model in self._listed()}

    def pull(self, name: Name, progress: Progress) -> None:
        """Have Ollama fetch a model, which it resumes and checks itself.

        Raises `ModelMissing` when there is none of that name or `offline` forbids it,
        `DownloadFailed` when Ollama does not run or cannot fetch it.
        """
        if self._offline:
            if self.has(name):
                return
            raise ModelMissing(f"{name} is not in Ollama and models.offline forbids to fetch it")
        fetched = _Fetched(str(name), progress)
        try:
            self._patience.keep_trying(
                lambda: self._pull(name, fetched), str(name), progress, fetched.gained
            )
        finally:
            fetched.close()

    def remove(self, name: Name) -> None:
        """Have Ollama delete a model. Raises `ModelMissing`, `DownloadFailed`."""
        with self._asking(name.name, _ASKING) as client:
            client.delete(name.name)

    def _pull(self, name: Name, fetched: _Fetched) -> None:
        status = ""
        with self._asking(name.name, QUIET) as client:
            for part in client.pull(name.name, stream=True):
                status = part.status or ""
                if part.digest and part.total:
                    fetched.layer(part.digest, part.total, part.completed or 0)
        if status != "success":
            raise Broken(f"Ollama stopped at: {status or 'nothing'}")

    def _listed(self) -> tuple[Installed, ...]:
        with self._asking("", _ASKING) as client:
            return tuple(
                Installed(
                    OLLAMA,
                    model.model or "",
                    int(model.size or 0),
                    1,
                    model.modified_at.isoformat(timespec="seconds") if model.modified_at else "",
                    "",
                )
                for model in client.list().models
            )

    def _client(self, seconds: float) -> ollama.Client:
        if missing := Package("ollama", "server").missing():
            raise PackageMissing(missing)
        import ollama

        return ollama.Client(host=self._address or None, timeout=seconds)

    @contextmanager
    def _asking(self, model: str, seconds: float) -> Iterator[ollama.Client]:
        opened = self._client(seconds)
        import httpx
        import ollama

        try:
            with opened as client:
                yield client
        except (ConnectionError, httpx.ConnectError) as error:
            raise DownloadFailed(
                f"Ollama does not answer at {self.address}: start it (ollama serve), or set "
                "models.ollama"
            ) from error
        except ollama.ResponseError as error:
            said = " ".join(error.error.split())
            if error.status_code == 404 or "file does not exist" in said:
                raise ModelMissing(
                    f"ollama:{model}: Ollama knows no such model ({said})"
                ) from error
            if error.status_code >= 500 or error.status_code < 0:
                raise Broken(f"Ollama says: {said}") from error
            raise DownloadFailed(f"ollama:{model}: Ollama says: {said}") from error
        except (httpx.HTTPError, ValueError) as error:
            raise Broken(f"Ollama at {self.address}: {error or type(error).__name__}") from error


class _Fetched:
    """Adds up the layers of a model, which become known one by one."""

    def __init__(self, model: str, progress: Progress) -> None:
        self._model = model
        self._progress = progress
        self._layers: dict[str, tuple[int, int]] = {}
        self._best = 0

    def layer(self, digest: str, total: int, completed: int) -> None:
        """So much of a layer is there."""
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
        """Whether more is there than at the last time this was asked."""
        here = sum(done for _, done in self._layers.values())
        more, self._best = here > self._best, max(here, self._best)
        return more

    def close(self) -> None:
        """It is over."""
        if self._layers:
            self._progress.end()


def _tagged(name: str) -> str:
    """An Ollama name with its tag, which is `latest` where it is left out."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
