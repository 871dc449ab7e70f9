"""Errors in the form of OpenAI's API."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import msgspec
from aiohttp import web

from satellite.errors import (
    EngineBusy,
    EngineTimeout,
    ModelMissing,
    SatelliteError,
    UsageError,
)
from satellite.http.api.route import json_answer
from satellite.http.body import PATIENCE
from satellite.http.route import Handler

_LOGGER = logging.getLogger(__name__)

INVALID = "invalid_request_error"
_SERVER = "server_error"


class ApiProblem(msgspec.Struct, frozen=True):
    """An error of a request, or of an engine."""

    message: str
    type: str
    param: str | None = None
    """The parameter that is wrong."""
    code: str | None = None


class ApiErrorAnswer(msgspec.Struct, frozen=True):
    """The answer to a request that failed."""

    error: ApiProblem


class Unsupported(UsageError):
    """A parameter asks for what this server does not do."""

    code = "unsupported_parameter"

    def __init__(self, param: str, text: str) -> None:
        super().__init__(text)
        self.param = param


class ModelUnknown(UsageError):
    """No model, or no voice, has that name."""

    code = "model_not_found"

    def __init__(self, param: str, text: str) -> None:
        super().__init__(text)
        self.param = param


def answering(handler: Handler) -> Handler:
    """Return a handler whose errors have the form of OpenAI's."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            return _answer(error.status, error.reason, headers=error.headers)
        except SatelliteError as error:
            return failure(error)
        except TimeoutError:
            return _answer(408, f"the request did not arrive in {PATIENCE:g} s")

    return answer


def failure(error: SatelliteError) -> web.Response:
    """Return the answer to a request that failed so."""
    headers = {"Retry-After": "1"} if isinstance(error, EngineBusy) else {}
    response = json_answer(ApiErrorAnswer(problem_of(error)), _status(error))
    response.headers.update(headers)
    return response


def problem_of(error: SatelliteError) -> ApiProblem:
    """Return an error as a program reads it."""
    ours = isinstance(error, UsageError | ModelMissing)
    param = error.param if isinstance(error, Unsupported | ModelUnknown) else None
    code = ModelUnknown.code if isinstance(error, ModelMissing) else error.code
    return ApiProblem(str(error), INVALID if ours else _SERVER, param, code)


def refusal(status: int, text: str) -> web.Response:
    """Return the answer to a request that is not allowed, or not served."""
    if status in (401, 403):
        return _answer(status, text, kind="authentication_error", code="invalid_api_key")
    return _answer(status, text)


def _status(error: SatelliteError) -> int:
    for kind, status in _STATUSES.items():
        if isinstance(error, kind):
            return status
    return 500


_STATUSES: Mapping[type[SatelliteError], int] = {
    ModelUnknown: 404,
    ModelMissing: 404,
    UsageError: 400,
    EngineBusy: 503,
    EngineTimeout: 504,
}


def _answer(
    status: int,
    text: str,
    *,
    kind: str = "",
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    kind = kind or (INVALID if status < 500 else _SERVER)
    response = json_answer(ApiErrorAnswer(ApiProblem(text, kind, None, code)), status)
    if headers and "Allow" in headers:
        response.headers["Allow"] = headers["Allow"]
    return response
