"""Hugging Face, or a mirror of it, over HTTP.

`huggingface_hub` lists the files of a repository: it knows the interface and finds the user's
token. It does not download them: its downloader checks a file's size but not its hash, hands large
files to a native library (Xet) that bypasses mirrors and cannot resume what another process began,
and accepts the page of a captive portal as a small file.

httpx downloads them. Downloads run on threads, so the client has to be a blocking one; httpx sends
the token to no other host on a redirect, returns the responses of all redirects (the first has the
commit and the hash), and returns the bytes of the body as sent. `urllib` does none of the three.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx

from satellite.errors import DownloadFailed, ModelMissing, UsageError
from satellite.text.reason_of import reason_of
from servers.models.progress import Progress
from servers.models.retry import RetryPolicy, TransientError

T = TypeVar("T")

ENDPOINT = "https://huggingface.co"

_TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses that may pass (RFC 9110, 15.5 and 15.6)."""

_LONGEST_LIST = 64 << 20
"""Bytes of a list of files or voices; real ones are far shorter."""


class Hub:
    """A client of one endpoint, for one download."""

    def __init__(self, endpoint: str, retry: RetryPolicy, progress: Progress) -> None:
        self.endpoint = (endpoint or os.environ.get("HF_ENDPOINT") or ENDPOINT).rstrip("/")
        if not self.endpoint.startswith(("http://", "https://")):
            raise UsageError(
                f"models.endpoint = {self.endpoint}: is not an http:// or https:// address"
            )
        self.retry = retry
        self._progress = progress

    def __enter__(self) -> Self:
        from huggingface_hub import get_token

        timeout = httpx.Timeout(self.retry.read, connect=self.retry.connect)
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
        """Return the URL of a file."""
        return f"{self.endpoint}/{repository}/resolve/{quote(revision, safe='')}/{quote(path)}"

    def repository(self, repository: str, model: str) -> Any:
        """Return huggingface_hub's `ModelInfo` of a repository, its files included.

        Raises `ModelMissing` for an unknown repository, `DownloadFailed`.
        """
        return self._keep_trying(lambda: self._ask(repository, model), f"{model}: {self.endpoint}")

    def listing(self, url: str, model: str) -> tuple[bytes, str]:
        """Return a short file and its revision. Raises `DownloadFailed`."""

        def fetch() -> tuple[bytes, str]:
            with self.opened(url, model) as response:
                refuse_html(response, model)
                content = bytearray()
                for block in raw_blocks(response):
                    content += block
                    if len(content) > _LONGEST_LIST:
                        raise DownloadFailed(
                            f"{model}: {url} is longer than {_LONGEST_LIST:,} bytes"
                        )
                return bytes(content), revision(response)

        return self._keep_trying(fetch, f"{model}: {url}")

    def exists(self, url: str, model: str) -> bool:
        """Return whether a server has a file. Raises `DownloadFailed` where it does not say so."""

        def ask() -> bool:
            with self.opened(url, model, absent=True) as response:
                return response.status_code != 404

        return self._keep_trying(ask, f"{model}: {url}")

    @contextmanager
    def opened(
        self, url: str, model: str, offset: int = 0, *, absent: bool = False
    ) -> Iterator[httpx.Response]:
        """GET a file from the byte `offset` on; the body of the response is not read yet.

        Its status is 200, 206, 416 for a request with an offset, or 404 with `absent`.

        Raises:
            TransientError: Another try may help. Raised for errors inside the block, too.
            DownloadFailed: It will not.
        """
        headers = {"range": f"bytes={offset}-"} if offset else {}
        request = self._client.build_request("GET", url, headers=headers)
        if not url.startswith(f"{self.endpoint}/"):  # the token is for no other server
            request.headers.pop("authorization", None)
        try:
            with closing(self._client.send(request, stream=True)) as response:
                fine = {200, 206} | ({416} if offset else set()) | ({404} if absent else set())
                if response.status_code not in fine:
                    self._refuse(response, url, model)
                yield response
        except (httpx.TooManyRedirects, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise DownloadFailed(f"{model}: {url}: {error}") from error
        except httpx.TimeoutException as error:
            raise TransientError(f"no byte for {self.retry.read:g} s") from error
        except httpx.HTTPError as error:
            raise TransientError(reason_of(error)) from error

    def _refuse(self, response: httpx.Response, url: str, model: str) -> None:
        status = f"{response.status_code} {response.reason_phrase}".rstrip()
        if response.status_code in _TEMPORARY:
            after = response.headers.get("retry-after", "")
            raise TransientError(status, float(after) if after.isdecimal() else None)
        hint = ""
        if response.status_code in (401, 403):
            hint = ": it needs a token with access to it (HF_TOKEN)"
        raise DownloadFailed(f"{model}: {url} answers {status}{hint}")

    def _keep_trying(self, action: Callable[[], T], what: str) -> T:
        advice = "is there a network? models.endpoint names a mirror"
        return self.retry.keep_trying(action, what, self._progress, advice=advice)

    def _ask(self, repository: str, model: str) -> Any:
        from huggingface_hub import HfApi, errors

        api = HfApi(endpoint=self.endpoint, library_name="satellite")
        try:
            return api.model_info(repository, files_metadata=True, timeout=self.retry.read)
        except errors.GatedRepoError as error:
            raise DownloadFailed(
                f"{model}: {self.endpoint}/{repository} is available only to users who accepted "
                "its terms: accept them there, and set HF_TOKEN"
            ) from error
        except errors.RepositoryNotFoundError as error:
            raise ModelMissing(
                f"{model}: {self.endpoint} has no public repository {repository} "
                "(a private one needs HF_TOKEN)"
            ) from error
        except errors.OfflineModeIsEnabled as error:
            raise ModelMissing(
                f"{model} is not on this machine and HF_HUB_OFFLINE is set"
            ) from error
        except errors.HfHubHTTPError as error:
            status = error.response.status_code
            if status in _TEMPORARY:
                raise TransientError(str(status)) from error
            raise DownloadFailed(f"{model}: {self.endpoint} answers {status}") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DownloadFailed(
                f"{model}: {self.endpoint} does not answer with a list of files; is there a page "
                "to log in to, or is models.endpoint wrong?"
            ) from error
        except Exception as error:  # of its HTTP library, which differs between its versions
            raise TransientError(reason_of(error)) from error


def raw_blocks(response: httpx.Response) -> Iterator[bytes]:
    """Return the blocks of the body as sent. Raises `DownloadFailed` for an encoded one."""
    encoding = response.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise DownloadFailed(f"{response.url} comes encoded as {encoding}, against the request")
    return response.iter_raw()


def refuse_html(response: httpx.Response, model: str) -> None:
    """Raise `DownloadFailed` for an HTML page in place of a file."""
    if "html" in response.headers.get("content-type", ""):
        raise DownloadFailed(
            f"{model}: {response.url} is an HTML page, not the file; is there a proxy, or a page "
            "to log in to?"
        )


def revision(response: httpx.Response) -> str:
    """Return the commit of a file, as the first server of the redirects names it, or `main`."""
    first = response.history[0] if response.history else response
    commit: str = first.headers.get("x-repo-commit", "")
    return commit if len(commit) == 40 and commit.isalnum() else "main"


def published_sha256(response: httpx.Response) -> str | None:
    """Return the SHA-256 that Hugging Face sends with the redirect to a large file."""
    first = response.history[0] if response.history else response
    tag: str = first.headers.get("x-linked-etag", "").removeprefix("W/").strip('"').lower()
    return tag if len(tag) == 64 and all(c in "0123456789abcdef" for c in tag) else None
