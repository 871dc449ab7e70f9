"""The sources of models: the files of a name, with their published sizes and hashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

from satellite.errors import DownloadFailed, ModelMissing
from satellite.lib.decoding import Undecodable, from_json
from satellite.options import unknown_name
from servers.models import gguf_models, gpt4all_models, sherpa_models, turn_models, whisper_sizes
from servers.models.download_plan import Digest, DownloadPlan, RemoteFile
from servers.models.hub import Hub
from servers.models.names import GGUF, GPT4ALL, PIPER, SHERPA, TURN, WHISPER, Name

VOICES = "rhasspy/piper-voices"
"""The repository of Piper's voices, with their list in voices.json."""

_WHISPER_FILES = (
    "config.json",
    "model.bin",
    "preprocessor_config.json",
    "tokenizer.json",
    "vocabulary.*",
)
"""The files that faster-whisper reads."""


def plan_of(name: Name, hub: Hub) -> DownloadPlan:
    """Return the files to download for a model. Raises `ModelMissing`, `DownloadFailed`."""
    plans = {
        WHISPER: _whisper,
        PIPER: _piper,
        GGUF: _gguf,
        SHERPA: _sherpa,
        GPT4ALL: _gpt4all,
        TURN: _turn,
    }
    return plans[name.kind](name, hub)


def voices(hub: Hub, model: str) -> tuple[Mapping[str, Any], str]:
    """Return Piper's published voices by name, and their revision. Raises `DownloadFailed`."""
    text, revision = hub.listing(hub.address(VOICES, "main", "voices.json"), model)
    try:
        listed = from_json(text)
    except Undecodable as error:
        raise DownloadFailed(f"{model}: voices.json of {hub.endpoint} is not JSON") from error
    if not isinstance(listed, dict):
        raise DownloadFailed(f"{model}: voices.json of {hub.endpoint} lists no voices")
    return listed, revision


def _whisper(name: Name, hub: Hub) -> DownloadPlan:
    repository = whisper_sizes.repository(name.name) or name.name
    info = hub.repository(repository, str(name))
    revision = info.sha or "main"
    files = tuple(
        _sibling(sibling, hub.address(repository, revision, sibling.rfilename))
        for sibling in info.siblings or ()
        if any(fnmatch(sibling.rfilename, pattern) for pattern in _WHISPER_FILES)
        and "/" not in sibling.rfilename
    )
    if not {"model.bin", "config.json"} <= {file.path for file in files}:
        raise DownloadFailed(
            f"{name}: {hub.endpoint}/{repository} holds no Whisper model for CTranslate2 "
            "(model.bin and config.json)"
        )
    return DownloadPlan(name, repository, revision, files)


def _gguf(name: Name, hub: Hub) -> DownloadPlan:
    if (place := gguf_models.location(name.name)) is None:
        hint = unknown_name(name.name, gguf_models.RECOMMENDED)
        raise ModelMissing(f"gguf:{hint}; or name a file, as gguf:OWNER/REPOSITORY:FILE.gguf")
    repository, wanted = place
    info = hub.repository(repository, str(name))
    revision = info.sha or "main"
    listed = {sibling.rfilename: sibling for sibling in info.siblings or ()}
    if (found := listed.get(wanted)) is None:
        files = {file: None for file in listed if file.endswith(".gguf")}
        raise ModelMissing(f"{name}: {hub.endpoint}/{repository}: {unknown_name(wanted, files)}")
    file = _sibling(found, hub.address(repository, revision, wanted))
    return DownloadPlan(name, repository, revision, (file,))


def _turn(name: Name, hub: Hub) -> DownloadPlan:
    model = turn_models.KNOWN[name.name]
    url = hub.address(model.repository, "main", model.file)
    file = RemoteFile(model.file, url, model.bytes, Digest("sha256", model.sha256))
    return DownloadPlan(name, model.repository, "main", (file,))


def _gpt4all(name: Name, hub: Hub) -> DownloadPlan:
    text, revision = hub.listing(gpt4all_models.CATALOG, str(name))
    try:
        models = gpt4all_models.read(text)
    except Undecodable as error:
        raise DownloadFailed(f"{name}: {gpt4all_models.CATALOG} is no list of models") from error
    if (model := models.get(name.name)) is None:
        near = ", ".join(gpt4all_models.nearest(name.name, models))
        raise ModelMissing(
            f"{name}: GPT4All's catalogue has no such model ({near}, ...); for any other model, "
            "use llamacpp: gguf:OWNER/REPOSITORY:FILE.gguf"
        )
    digest = Digest("md5", model.md5) if model.md5 else None
    files = (
        RemoteFile(model.filename, model.url, model.filesize, digest),
        RemoteFile(gpt4all_models.FILE, gpt4all_models.CATALOG, None),
    )
    return DownloadPlan(name, gpt4all_models.CATALOG, revision, files)


def _sherpa(name: Name, hub: Hub) -> DownloadPlan:
    if (network := sherpa_models.network(name.name)) is not None:
        only = RemoteFile(PurePosixPath(network).name, network, None)
        return DownloadPlan(name, network, "", (only,))
    repository = sherpa_models.repository(name.name)
    archive = sherpa_models.archive(name.name)
    try:
        info = hub.repository(repository, str(name))
    except ModelMissing:
        if archive is None:
            raise
        return _release(name, archive, hub)
    revision = info.sha or "main"
    listed = {sibling.rfilename: sibling for sibling in info.siblings or ()}
    files = tuple(
        _sibling(listed[file], hub.address(repository, revision, file))
        for file in sherpa_models.wanted(file for file in listed if "/" not in file)
    )
    if not any(file.path.endswith(".onnx") for file in files):
        raise DownloadFailed(
            f"{name}: {hub.endpoint}/{repository} holds no model for sherpa-onnx (.onnx files)"
        )
    return DownloadPlan(name, repository, revision, (*files, *_vocoder(name, files)))


def _vocoder(name: Name, files: Iterable[RemoteFile] = ()) -> Iterator[RemoteFile]:
    """Yield the vocoder that a voice needs beside its own files."""
    address = sherpa_models.vocoder(name.name)
    if address is not None and PurePosixPath(address).name not in {file.path for file in files}:
        yield RemoteFile(PurePosixPath(address).name, address, None)


def _release(name: Name, archive: str, hub: Hub) -> DownloadPlan:
    """Return the plan for a model that has no repository: the archive among k2-fsa's releases."""
    if not hub.exists(archive, str(name)):
        near = unknown_name(name.name, sherpa_models.RECOMMENDED)
        raise ModelMissing(
            f"sherpa:{near}; k2-fsa publishes no model of that name at {hub.endpoint} or {archive}"
        )
    file = RemoteFile(PurePosixPath(archive).name, archive, None)
    return DownloadPlan(name, archive, "", (file, *_vocoder(name)), archive=True)


def _sibling(sibling: Any, url: str) -> RemoteFile:
    digest = None
    if sibling.lfs is not None:
        digest = Digest("sha256", sibling.lfs["sha256"].lower())
    elif sibling.blob_id and sibling.size is not None:
        digest = Digest("git", sibling.blob_id.lower())
    return RemoteFile(sibling.rfilename, url, sibling.size, digest)


def _piper(name: Name, hub: Hub) -> DownloadPlan:
    listed, revision = voices(hub, str(name))
    voice = listed.get(name.name)
    if voice is None:
        raise ModelMissing(f"piper:{unknown_name(name.name, _some(listed, name.name))}")
    try:
        files = tuple(
            RemoteFile(
                PurePosixPath(path).name,
                hub.address(VOICES, revision, path),
                int(file["size_bytes"]),
                Digest("md5", str(file["md5_digest"]).lower()),
            )
            for path, file in voice["files"].items()
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DownloadFailed(f"{name}: voices.json of {hub.endpoint} describes no files") from error
    if not {f"{name.name}.onnx", f"{name.name}.onnx.json"} <= {file.path for file in files}:
        raise DownloadFailed(f"{name}: voices.json of {hub.endpoint} lists no files for it")
    return DownloadPlan(name, VOICES, revision, files)


def _some(listed: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the voices of the language of `name`: a list of all fills a screen."""
    language = name.partition("-")[0]
    return {v: None for v in listed if v.partition("-")[0] == language} or listed
