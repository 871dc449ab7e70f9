"""The description of the API, OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1), of its routes.

Types are described once, as msgspec structs; see `satellite.http.api.route`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import web

from satellite.http.api.route import JSON, ApiRoute, json_answer
from satellite.http.route import Route
from satellite.requirements import own_version

PATH = "/api/openapi.json"

_PARAMETER = re.compile(r"\{(\w+)(?::[^}]*)?\}")
_REFERENCE = "#/components/schemas/{name}"


class Description(msgspec.Struct, frozen=True):
    """A description of the API, OpenAPI 3.1."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]


def with_description(routes: Sequence[Route]) -> tuple[Route, ...]:
    """Return routes and the one that describes them all."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return json_answer(described)

    own = ApiRoute(
        method="GET",
        path=PATH,
        summary="Describe this API",
        handler=answer,
        gives={JSON: Description},
    )
    every = (*routes, own)
    described = describe(every)
    return every


def describe(routes: Sequence[Route]) -> dict[str, Any]:
    """Return the description of routes; of those without types, the path."""
    kinds = _kinds([route for route in routes if isinstance(route, ApiRoute)])
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    by_kind = list(zip(kinds, schemas, strict=True))

    def schema(kind: Any) -> dict[str, Any]:
        return next(found for known, found in by_kind if known == kind)

    paths: dict[str, Any] = {}
    for route in routes:
        operation: dict[str, Any] = {"responses": {"default": {"description": "See the guide"}}}
        if isinstance(route, ApiRoute):
            operation = _operation(route, schema, components)
        paths.setdefault(_PARAMETER.sub(r"{\1}", route.path), {})[route.method.lower()] = operation
    token = {"type": "http", "scheme": "bearer", "description": "The token of http.token_file"}
    return {
        "openapi": "3.1.1",
        "info": {"title": "Satellite", "version": own_version()},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": {"token": token}},
        "security": [{}, {"token": []}],
    }


def _kinds(routes: Sequence[ApiRoute]) -> list[Any]:
    """Return every type that routes name, each once."""
    found: list[Any] = []
    for route in routes:
        for kind in (route.query, *route.takes.values(), *route.gives.values(), route.fails):
            if kind is not None and kind not in found:
                found.append(kind)
    return found


def _operation(route: ApiRoute, schema: Any, components: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {"summary": route.summary}
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.path)
    ]
    if route.query is not None:
        fields = components[route.query.__name__]
        for name, kind in fields["properties"].items():
            required = name in fields.get("required", ())
            parameters.append({"name": name, "in": "query", "required": required, "schema": kind})
    if parameters:
        operation["parameters"] = parameters
    if route.takes:
        operation["requestBody"] = {"content": _content(route.takes, schema)}
    success = {"description": "Success", "content": _content(route.gives, schema)}
    operation["responses"] = {
        **{str(status): success for status in route.statuses},
        "default": {
            "description": "The error, and its remedy",
            "content": {JSON: {"schema": schema(route.fails)}},
        },
    }
    return operation


def _content(kinds: Any, schema: Any) -> dict[str, Any]:
    """Return the contents by media type; a stream of events is described by each one's data."""
    return {
        media: {"schema": schema(kind)} if kind is not None else {} for media, kind in kinds.items()
    }
