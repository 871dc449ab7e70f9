"""Hugging Face, or a mirror of it, over HTTP.

What a repository holds is asked through `huggingface_hub`, which knows the interface, the user's
token and where it is kept. The bytes are not fetched through it: its downloader checks a file's
size but not its hash, hands large files to a native library (Xet) that does not go through a mirror
and cannot be resumed by another process, and takes a page of a captive portal for a small file.

httpx fetches them: downloads run on threads, so that the client has to be a blocking one; it sends
the token to no other host on a redirect, gives the responses of all redirects (the first names the
commit and the hash), and gives the body's bytes as they came. `urllib` does none of the three.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx

from satellite.errors import DownloadFailed, ModelMissing, UsageError
from servers.models.patience import Broken, RetryPolicy
from servers.models.progress import Progress

T = TypeVar("T")

ENDPOINT = "https://huggingface.co"

_FOR_NOW = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that a server may not answer with the next time (RFC 9110, 15.5 and 15.6)."""

_LONGEST_LIST = 64 << 20
"""Bytes: far more than a list of files or voices has."""


class Hub:
    """A client of one endpoint, for one download."""

    def __init__(self, endpoint: str, patience: RetryPolicy, progress: Progress) -> None:
        self.endpoint = (endpoint or os.environ.get("HF_ENDPOINT") or ENDPOINT).rstrip("/")
        if not self.endpoint.startswith(("http://", "https://")):
            raise UsageError(
                f"models.endpoint = {self.endpoint}: is no http:// or https:// address"
            )
        self.patience = patience
        self._progress = progress

    def __enter__(self) -> Self:
        from huggingface_hub import get_token

        timeout = httpx.Timeout(self.patience.read, connect=self.patience.connect)
        headers = {"user-agent": "satellite", "accept-encoding": "identity"}
        if token := get_token():
            headers["authorization"] = f"Bearer {token}"
        self._client = httpx.Client(headers=headers, timeout=timeout, follow_redirects=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def address(self, repository: str, revision: str, path: str) -> str:
        """The URL of a file."""
        return f"{self.endpoint}/{repository}/resolve/{quote(revision, safe='')}/{quote(path)}"

    def repository(self, repository: str, model: str) -> Any:
        """What is known of a repository and its files: huggingface_hub's `ModelInfo`.

        Raises `ModelMissing` when there is none, `DownloadFailed` when nobody can tell.
        """
        return self._keep_trying(lambda: self._ask(repository, model), f"{model}: {self.endpoint}")

    def listing(self, url: str, model: str) -> tuple[bytes, str]:
        """A short file, and the revision it is of. Raises `DownloadFailed`."""

        def fetch() -> tuple[bytes, str]:
            with self.opened(url, model) as response:
                refuse_page(response, model)
                content = bytearray()
                for block in whole(response):
                    content += block
                    if len(content) > _LONGEST_LIST:
                        raise DownloadFailed(f"{model}: {url} does not end")
                return bytes(content), revision(response)

        return self._keep_trying(fetch, f"{model}: {url}")

    @contextmanager
    def opened(self, url: str, model: str, offset: int = 0) -> Iterator[httpx.Response]:
        """The answer to a GET from the byte `offset` on, its body not read yet.

        Its status is 200, 206, or 416 for a request with an offset. Raises `Broken` for what may
        pass, inside the block too, and `DownloadFailed` for what will not.
        """
        headers = {"range": f"bytes={offset}-"} if offset else {}
        try:
            with self._client.stream("GET", url, headers=headers) as response:
                if not (
                    response.status_code in (200, 206) or (response.status_code == 416 and offset)
                ):
                    self._refuse(response, url, model)
                yield response
        except (httpx.TooManyRedirects, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise DownloadFailed(f"{model}: {url}: {error}") from error
        except httpx.TimeoutException as error:
            raise Broken(f"nothing came for {self.patience.read:g} s") from error
        except httpx.HTTPError as error:
            raise Broken(str(error) or type(error).__name__) from error

    def _refuse(self, response: httpx.Response, url: str, model: str) -> None:
        status = f"{response.status_code} {response.reason_phrase}".rstrip()
        if response.status_code in _FOR_NOW:
            after = response.headers.get("retry-after", "")
            raise Broken(status, float(after) if after.isdecimal() else None)
        hint = ""
        if response.status_code in (401, 403):
            hint = ": it needs a token of somebody who has access (HF_TOKEN)"
        raise DownloadFailed(f"{model}: {url} answers {status}{hint}")

    def _keep_trying(self, action: Callable[[], T], what: str) -> T:
        advice = "is there a network? models.endpoint names a mirror"
        return self.patience.keep_trying(action, what, self._progress, advice=advice)

    def _ask(self, repository: str, model: str) -> Any:
        from huggingface_hub import HfApi, errors

        api = HfApi(endpoint=self.endpoint, library_name="satellite")
        try:
            return api.model_info(repository, files_metadata=True, timeout=self.patience.read)
        except errors.GatedRepoError as error:
            raise DownloadFailed(
                f"{model}: {self.endpoint}/{repository} is given only to those who accepted its "
                "terms: do so there, and set HF_TOKEN"
            ) from error
        except errors.RepositoryNotFoundError as error:
            raise ModelMissing(
                f"{model}: {self.endpoint} has no repository {repository} that all may read "
                "(a private one needs HF_TOKEN)"
            ) from error
        except errors.OfflineModeIsEnabled as error:
            raise ModelMissing(
                f"{model} is not on this machine and HF_HUB_OFFLINE is set"
            ) from error
        except errors.HfHubHTTPError as error:
            status = error.response.status_code
            if status in _FOR_NOW:
                raise Broken(str(status)) from error
            raise DownloadFailed(f"{model}: {self.endpoint} answers {status}") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DownloadFailed(
                f"{model}: what {self.endpoint} answers is no list of files; is there a page to "
                "log in to, or is models.endpoint wrong?"
            ) from error
        except Exception as error:  # of its HTTP library, which is another one in every version
            raise Broken(str(error) or type(error).__name__) from error


def whole(response: httpx.Response) -> Iterator[bytes]:
    """The body's bytes as they come. Raises `DownloadFailed` for a body that was encoded."""
    encoding = response.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise DownloadFailed(f"{response.url} comes as {encoding}, which nobody asked for")
    return response.iter_raw()


def refuse_page(response: httpx.Response, model: str) -> None:
    """Raise `DownloadFailed` where a page for people came in place of a file."""
    if "html" in response.headers.get("content-type", ""):
        raise DownloadFailed(
            f"{model}: {response.url} is an HTML page, not the file; is there a proxy, or a page "
            "to log in to?"
        )


def revision(response: httpx.Response) -> str:
    """The commit that the first server of a chain of redirects says a file is of; else `main`."""
    first = response.history[0] if response.history else response
    commit: str = first.headers.get("x-repo-commit", "")
    return commit if len(commit) == 40 and commit.isalnum() else "main"


def published(response: httpx.Response) -> str | None:
    """The SHA-256 that Hugging Face gives for a large file as it redirects to its storage."""
    first = response.history[0] if response.history else response
    tag: str = first.headers.get("x-linked-etag", "").removeprefix("W/").strip('"').lower()
    return tag if len(tag) == 64 and all(c in "0123456789abcdef" for c in tag) else None
