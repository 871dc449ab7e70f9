"""Modelfiles: parsed as Ollama's own command does, and created as a model on its server."""

from __future__ import annotations

import asyncio
import hashlib
import re
from pathlib import Path
from typing import Any

import msgspec

from satellite.errors import EngineFailed
from satellite.lib import text_files
from satellite.text.reason_of import reason_of
from servers.llm.ollama.client import OllamaClient

_LINE = re.compile(r"\s*(\w+)\s+(.*)", re.DOTALL)
_QUOTES = '"""'
_MANY = ("stop",)
"""Parameters that may occur several times."""
_TEXTS = {"TEMPLATE": "template", "SYSTEM": "system"}
_ROLES = ("system", "user", "assistant")


class Modelfile(msgspec.Struct, frozen=True):
    """The parts of a model."""

    base: str
    """Another model, or a file with weights."""
    adapters: tuple[str, ...] = ()
    texts: dict[str, str] = {}
    """`template` and `system`."""
    parameters: dict[str, Any] = {}
    licenses: tuple[str, ...] = ()
    messages: tuple[dict[str, str], ...] = ()


def parse(text: str, name: str = "Modelfile") -> Modelfile:
    """Parse a Modelfile. Raises `EngineFailed`, naming the wrong line."""
    base, adapters, licenses = "", list[str](), list[str]()
    texts: dict[str, str] = {}
    parameters: dict[str, Any] = {}
    messages: list[dict[str, str]] = []
    for number, command, value in _commands(text, name):
        where = f"{name}, line {number}"
        if command == "FROM":
            base = value
        elif command == "ADAPTER":
            adapters.append(value)
        elif command == "LICENSE":
            licenses.append(value)
        elif command in _TEXTS:
            texts[_TEXTS[command]] = value
        elif command == "PARAMETER":
            _add_parameter(parameters, value, where)
        elif command == "MESSAGE":
            role, _, message = value.partition(" ")
            if role not in _ROLES:
                raise EngineFailed(f"{where}: MESSAGE begins with {', '.join(_ROLES)}, not {role}")
            messages.append({"role": role, "content": _unquoted(message.strip())})
        else:
            raise EngineFailed(f"{where}: {command} is not an instruction of Modelfiles")
    if not base:
        raise EngineFailed(f"{name}: has no FROM instruction")
    return Modelfile(base, tuple(adapters), texts, parameters, tuple(licenses), tuple(messages))


async def create(client: OllamaClient, model: str, path: str) -> None:
    """Create `model` on Ollama's server from a local Modelfile, uploading the files it names.

    Raises `EngineFailed` for an unreadable or wrong Modelfile, and what the client raises.
    """
    file = Path(path).expanduser()
    try:
        text = await asyncio.to_thread(text_files.read_text, file)
    except (OSError, UnicodeDecodeError) as error:
        raise EngineFailed(f"modelfile = {path}: cannot be read: {reason_of(error)}") from error
    recipe = parse(text, str(file))
    request: dict[str, Any] = dict(recipe.texts)
    if weights := _existing_file(recipe.base, file):
        request["files"] = {weights.name: await _uploaded(client, weights)}
    else:
        request["from"] = recipe.base
    if recipe.adapters:
        paths = [_existing_file(name, file) for name in recipe.adapters]
        if None in paths:
            raise EngineFailed(f"modelfile = {path}: ADAPTER names a missing file")
        request["adapters"] = {p.name: await _uploaded(client, p) for p in paths if p}
    if recipe.parameters:
        request["parameters"] = recipe.parameters
    if recipe.licenses:
        request["license"] = list(recipe.licenses)
    if recipe.messages:
        request["messages"] = list(recipe.messages)
    await client.create(model, request)


def _commands(text: str, name: str) -> list[tuple[int, str, str]]:
    """Return line number, name and value of every instruction."""
    found: list[tuple[int, str, str]] = []
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        number, line = at + 1, lines[at]
        at += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        while line.count(_QUOTES) % 2:
            if at == len(lines):
                raise EngineFailed(f"{name}, line {number}: {_QUOTES} is not closed")
            line += "\n" + lines[at]
            at += 1
        matched = _LINE.fullmatch(line)
        if matched is None:
            raise EngineFailed(f"{name}, line {number}: expected an instruction and its value")
        found.append((number, matched[1].upper(), _unquoted(matched[2].strip())))
    return found


def _unquoted(text: str) -> str:
    for quotes in (_QUOTES, '"'):
        if len(text) >= 2 * len(quotes) and text.startswith(quotes) and text.endswith(quotes):
            return text[len(quotes) : -len(quotes)]
    return text


def _add_parameter(parameters: dict[str, Any], text: str, where: str) -> None:
    name, _, value = text.partition(" ")
    value = _unquoted(value.strip())
    if not value:
        raise EngineFailed(f"{where}: PARAMETER {name} has no value")
    if name in _MANY:
        parameters.setdefault(name, []).append(value)
        return
    for kind in (int, float):
        try:
            parameters[name] = kind(value)
            return
        except ValueError:
            continue
    parameters[name] = {"true": True, "false": False}.get(value, value)


def _existing_file(name: str, modelfile: Path) -> Path | None:
    path = modelfile.parent / Path(name).expanduser()
    return path if path.is_file() else None


async def _uploaded(client: OllamaClient, path: Path) -> str:
    """Upload a file unless Ollama has it already; return its digest."""
    digest = f"sha256:{await asyncio.to_thread(_hash, path)}"
    if not await client.has_blob(digest):
        await client.send_blob(digest, path)
    return digest


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
