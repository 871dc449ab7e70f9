"""GPT4All's catalogue of models, models3.json."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import msgspec

from satellite.lib.decoding import Undecodable, from_json
from satellite.text.whole_number import whole_number

CATALOG = "https://gpt4all.io/models/models3.json"

FILES = "https://gpt4all.io/models/gguf/"
"""Where the models are that the catalogue gives no address of."""

FILE = "models3.json"
"""The catalogue's name beside a downloaded model: it has the model's templates."""

SUFFIX = ".gguf"


class CatalogModel(msgspec.Struct, frozen=True):
    """A model of the catalogue. Templates have `%1` for what the person says."""

    filename: str
    name: str = ""
    filesize: int | None = None
    md5: str = ""
    url: str = ""
    system: str = ""
    template: str = ""


def read(text: bytes) -> dict[str, CatalogModel]:
    """Return the models of a catalogue by file name, without those that it describes wrongly.

    Raises `Undecodable` for a text of another form.
    """
    listed = from_json(text)
    if not isinstance(listed, list):
        raise Undecodable("it is no list")
    models = (_model(entry) for entry in listed)
    return {model.filename: model for model in models if model is not None}


def file_of(name: str) -> str:
    """Return the file name of a model, whose suffix may be left out."""
    return name if name.endswith(SUFFIX) else f"{name}{SUFFIX}"


def nearest(name: str, models: dict[str, CatalogModel]) -> list[str]:
    """Return the file names that are most like an unknown one, or some of all."""
    return get_close_matches(file_of(name), models, n=3, cutoff=0.4) or list(models)[:3]


def _model(entry: Any) -> CatalogModel | None:
    """Return a model whose file can be fetched and checked; None for another entry."""
    if not isinstance(entry, dict):
        return None
    text = {key: value for key, value in entry.items() if isinstance(value, str)}
    filename, size = text.get("filename", ""), text.get("filesize", "")
    if not filename.endswith(SUFFIX) or "/" in filename or filename.startswith("."):
        return None
    return CatalogModel(
        filename=filename,
        name=text.get("name", ""),
        filesize=whole_number(size),
        md5=text.get("md5sum", "").lower(),
        url=text.get("url", "") or f"{FILES}{filename}",
        system=text.get("systemPrompt", ""),
        template=text.get("promptTemplate", ""),
    )
