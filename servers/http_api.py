"""HTTP APIs of other programs: JSON requests, answers as one JSON document or line by line.

Every failure is an `ApiError`; callers add the remedy.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec

from satellite.lib.decoding import Undecodable, from_json
from satellite.text.reason_of import reason_of

if TYPE_CHECKING:
    import aiohttp

CONNECT = 3.0
"""Seconds to connect to a program on this machine or in the house, name lookup included."""

LONGEST = 16 << 20
"""Bytes of one line or document; the description of a model may have some 100 kB."""

_BOM = b"\xef\xbb\xbf"

ENDLESS = 64 << 20
"""Bytes of an answer in lines: the 32,000 tokens of a model that reasons at length take 10 MB."""


class ApiError(Exception):
    """A request that failed."""


class Unreachable(ApiError):
    """No connection could be made within `CONNECT` seconds."""


class Silent(ApiError):
    """The program sent nothing for longer than the client's timeout."""


class Interrupted(ApiError):
    """The connection broke, or what came is not the protocol."""


class Closed(ApiError):
    """This client was closed before or during the request."""


class Refused(ApiError):
    """The program reported an error."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.text = text
        """The message, in one line."""
        self.status = status
        """HTTP status; 200 for an error inside an answer that began well."""


class Answer(msgspec.Struct, frozen=True):
    """Base of every document and line: any of them may be an error instead."""

    error: Any = None
    object: Any = None
    """`error` for one in the form of FastChat and vLLM, which has no field `error`."""


class _Problem(Answer, frozen=True):
    """An error, by the names that APIs have for it."""

    message: Any = None
    detail: Any = None
    """That of FastAPI."""
    exception: Any = msgspec.field(default=None, name="Exception")
    """That of GPT-SoVITS, beside `message`."""


A = TypeVar("A", bound=Answer)


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """A request as a form with a file (multipart/form-data)."""

    fields: Mapping[str, str]
    file: bytes
    name: str
    kind: str
    """Media type of the file."""


Body = Mapping[str, Any] | Form | None
"""What a request has: JSON, a form, or nothing."""

if TYPE_CHECKING:
    Data = bytes | AsyncGenerator[bytes, None] | aiohttp.FormData | None


class HttpApi:
    """The API at one address. Close it after use, in the event loop that used it.

    Cancelling a request, or closing the generator of its answer, closes the connection at once: the
    program can then stop computing.
    """

    def __init__(self, url: str, timeout: float, key: str = "") -> None:
        """`timeout` is the longest silence in seconds, `key` that of the authorization."""
        self.url = url
        self._timeout = timeout
        self._key = key
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self._opening: set[asyncio.Timeout] = set()
        """Requests without a response so far."""
        self._responses: set[aiohttp.ClientResponse] = set()
        """Responses on their way."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def ask(self, method: str, path: str, body: Body, kind: type[A]) -> A:
        """Send a request; return the one document of its answer. Raises `ApiError`."""
        async with self._response(method, path, _encoded(body)) as response:
            async with asyncio.timeout(self._timeout):  # whatever else comes, drop by drop
                return decoded(await _content(response), kind)

    async def content(self, path: str) -> bytes:
        """Send a GET request; return the whole body of its answer. Raises `ApiError`."""
        async with self._response("GET", path, None) as response:
            return await _content(response)

    async def stream(
        self, path: str, body: Mapping[str, Any], kind: type[A]
    ) -> AsyncGenerator[A, None]:
        """POST a request; yield the lines of its answer as they come. Raises `ApiError`."""
        async with aclosing(self.lines(path, body)) as lines:
            async for line in lines:
                yield decoded(line, kind)

    async def lines(self, path: str, body: Body) -> AsyncGenerator[bytes, None]:
        """POST a request; yield the lines of its answer as they are. Raises `ApiError`.

        Blank lines and the comments of event streams are left out, and are silence.
        """
        async with (
            self._response("POST", path, _encoded(body)) as response,
            aclosing(_lines(response, self._timeout)) as lines,
        ):
            async for line in lines:
                yield line

    async def blocks(self, path: str, body: Body) -> AsyncGenerator[bytes, None]:
        """POST a request; yield the bytes of its answer as they come. Raises `ApiError`."""
        async with self._response("POST", path, _encoded(body)) as response:
            async for block in response.content.iter_any():
                yield block

    async def close(self) -> None:
        """Close every connection; requests on their way raise `Closed`. Idempotent."""
        self._closed = True
        opening, self._opening = self._opening, set()
        for limit in opening:
            limit.reschedule(asyncio.get_running_loop().time())
        for response in self._responses:  # which wakes its reader; closing the session does not
            response.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @asynccontextmanager
    async def _response(
        self, method: str, path: str, data: Data
    ) -> AsyncGenerator[aiohttp.ClientResponse, None]:
        """Send a request; the response, its body still to come, is closed at the block's end.

        Raises `ApiError`, for what aiohttp and msgspec raise inside the block, too.
        """
        session = await self._opened()
        with self._translated_errors():
            async with asyncio.timeout(None) as limit:
                self._opening.add(limit)
                try:
                    response = await session.request(
                        method, self.url + path, data=data, headers=_headers(data)
                    )
                finally:
                    self._opening.discard(limit)
            self._responses.add(response)
            try:
                if response.status >= 400:
                    text = problem_text(await _content(response)) or f"HTTP {response.status}"
                    raise Refused(text, response.status)
                yield response
            finally:
                self._responses.discard(response)
                response.close()

    async def _opened(self) -> aiohttp.ClientSession:
        if self._closed:
            raise Closed("the client was closed")
        if self._session is None:
            # 0.2 s on a PC and about a second on a Raspberry Pi: too long for an event loop
            await asyncio.to_thread(_load_aiohttp)
            if self._closed:
                raise Closed("the client was closed")
            self._session = self._session or self._new_session()
        return self._session

    def _new_session(self) -> aiohttp.ClientSession:
        import aiohttp

        headers = {
            "Accept-Encoding": "identity",  # a proxy that compresses would hold pieces back
            "User-Agent": "satellite",
        }
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                force_close=True,  # a connection kept open is dead after the program restarted
                limit=0,  # the program queues requests itself
                resolver=aiohttp.ThreadedResolver(),  # the system's, which knows .local names
            ),
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT, sock_read=self._timeout),
            trust_env=True,  # HTTP_PROXY and NO_PROXY
        )

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Turn what aiohttp and msgspec raise inside into `ApiError`s."""
        import aiohttp

        try:
            yield
        # aiohttp raises RuntimeError for reading a body after the connection was lost
        except (
            aiohttp.ClientError,
            msgspec.MsgspecError,
            OSError,
            RuntimeError,
            ValueError,
        ) as error:
            why = reason_of(error)[:300]
            if self._closed:
                raise Closed("the client was closed") from error
            if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
                raise Unreachable(why) from error
            if isinstance(error, TimeoutError):
                raise Silent(f"silent for {self._timeout:g} s") from error
            raise Interrupted(why) from error


def _load_aiohttp() -> None:
    import aiohttp  # noqa: F401


async def _content(response: aiohttp.ClientResponse) -> bytes:
    """Return the whole body. Raises `ValueError` for one longer than `LONGEST`."""
    content = bytearray()
    async for block in response.content.iter_any():
        content += block
        _check_length(content)
    return bytes(content)


async def _lines(response: aiohttp.ClientResponse, timeout: float) -> AsyncGenerator[bytes, None]:
    """Yield the lines of a body, without blank ones and comments.

    Raises `ValueError` for a line or a body that is too long, `TimeoutError` where no line comes
    for `timeout` seconds, whatever else does.
    """
    rest, size, clock = bytearray(), 0, asyncio.get_running_loop().time
    latest = clock()
    async for block in response.content.iter_any():
        size += len(block)
        if size > ENDLESS:
            raise ValueError(f"more than {ENDLESS:,} bytes")
        if size == len(block):
            block = block.removeprefix(_BOM)
        if b"\n" in block or b"\r" in block:
            *lines, rest = (rest + block).replace(b"\r", b"\n").split(b"\n")
        else:
            lines = []
            rest += block
        _check_length(rest)
        for line in lines:
            if line.strip() and not line.startswith(b":"):
                yield bytes(line)
                latest = clock()
        if clock() - latest > timeout:
            raise TimeoutError
    if rest.strip() and not rest.startswith(b":"):
        yield bytes(rest)


def _check_length(data: bytearray) -> None:
    if len(data) > LONGEST:
        raise ValueError(f"more than {LONGEST:,} bytes in one piece")


def _encoded(body: Body) -> Data:
    if not isinstance(body, Form):
        return None if body is None else msgspec.json.encode(body)
    import aiohttp

    data = aiohttp.FormData()
    for name, value in body.fields.items():
        data.add_field(name, value)
    file = io.BytesIO(body.file)  # which aiohttp sends in blocks
    data.add_field("file", file, filename=body.name, content_type=body.kind)
    return data


def _headers(data: Data) -> dict[str, str]:
    """Return the type of the data; a form names its own."""
    return {"Content-Type": "application/json"} if isinstance(data, bytes) else {}


def decoded(data: bytes, kind: type[A]) -> A:
    """Decode a document or a line; nothing at all is an empty one.

    Raises `Refused` for an error in its place, `Interrupted` for another form.
    """
    try:
        answer = from_json(data or b"{}", kind)
    except Undecodable as error:
        raise Interrupted(str(error)[:300]) from error
    if answer.error or answer.object == "error":
        raise Refused(problem_text(data), 200)
    return answer


def problem_text(content: bytes) -> str:
    """Return what the document of an error says, in one line of at most 300 characters."""
    found: Any
    try:
        problem = from_json(content, _Problem)
    except Undecodable:  # a page of a proxy
        found = content.decode("utf-8", "replace")
    else:
        found = problem.error or problem.message or problem.detail
        if isinstance(found, dict) and isinstance(found.get("message"), str):  # OpenAI's API
            found = found["message"]
        if problem.exception:
            found = f"{found}: {problem.exception}"
    return " ".join(str(found or "").split())[:300]
