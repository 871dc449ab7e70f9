"""The folder of all models: lists, finds, downloads, checks and removes them."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from satellite.errors import DownloadFailed, ModelMissing, PackageMissing, UsageError
from satellite.lib import paths
from satellite.requirements import Package
from satellite.settings import ModelSettings
from satellite.text.reason_of import reason_of
from servers.models import local_files, manifest, names
from servers.models.lock import locked
from servers.models.manifest import Installed
from servers.models.model_folder import PART, ModelFolder, bytes_in, discard, model_in
from servers.models.names import GGUF, GPT4ALL, OLLAMA, PIPER, SHERPA, TURN, WHISPER, Name
from servers.models.progress import NoProgress, Progress
from servers.models.retry import RetryPolicy

KINDS = (WHISPER, PIPER, GGUF, SHERPA, GPT4ALL, TURN)
"""The kinds that the folder holds. Ollama stores its models itself."""

OWN = (GGUF, SHERPA, TURN)
"""The kinds whose models may come from a file of the user's."""

Fingerprint = tuple[tuple[str, int, int], ...]


class Store:
    """Models in `<root>/<kind>/<name>/`, each with a manifest that is written last.

    A download goes to a folder beside it, which is renamed once every file is complete and checked:
    a folder with a model's name is a complete model. Every method blocks: call it on a thread.
    """

    def __init__(
        self,
        root: Path,
        offline: bool = False,
        endpoint: str = "",
        retry: RetryPolicy | None = None,
    ) -> None:
        """`endpoint`: see `ModelSettings`."""
        self.root = root
        self.offline = offline
        self.endpoint = endpoint
        self._retry = retry or RetryPolicy()

    @classmethod
    def for_settings(cls, settings: ModelSettings, retry: RetryPolicy | None = None) -> Store:
        """Return the store that the settings name."""
        root = _default_root(settings.folder)
        return cls(root, settings.offline, settings.endpoint, retry)

    def path(self, kind: str, name: str) -> Path | None:
        """Return the folder of a model; None unless it is complete. Quick: sizes, no hashes.

        Raises `UsageError` for a name that no model of that kind can have.
        """
        folder = self._place(kind, name).folder
        return folder if manifest.read_complete(folder) else None

    def find(self, kind: str, text: str) -> Path:
        """Return the path that `text` means: a file or folder of the user's, or a model's name.

        Raises `ModelMissing`, with the command that downloads it.
        """
        if text.startswith(("/", "./", "../", "~")) or text in (".", ".."):
            path = Path(text).expanduser()
            if not path.exists():
                raise ModelMissing(f"{kind} model {path}: no such file or folder")
            return path
        try:
            name = names.name_of_kind(kind, text)
        except UsageError as error:
            raise ModelMissing(str(error)) from error
        found = self.path(kind, text)
        if found is None:
            raise ModelMissing(f"{name} is not on this machine: satellite models pull {name}")
        return found

    def installed(self) -> tuple[Installed, ...]:
        """Return every complete model, by kind and name."""
        return tuple(
            manifest.installed(folder, record)
            for folder in self._folders()
            if (record := manifest.read_complete(folder)) is not None
        )

    def known(self) -> tuple[Name, ...]:
        """Return every model that has a folder, damaged ones included."""
        return tuple(model_in(folder) for folder in self._folders())

    def broken(self) -> tuple[tuple[Name, int, str], ...]:
        """Return every incomplete model: its name, its bytes, and `damaged` or `unfinished`."""
        damaged = [folder for folder in self._folders() if manifest.read_complete(folder) is None]
        unfinished = [folder for folder in self.root.glob(f"*/.*{PART}") if bytes_in(folder)]
        return tuple(
            (model_in(folder), bytes_in(folder), state)
            for folders, state in ((damaged, "damaged"), (unfinished, "unfinished"))
            for folder in sorted(folders)
        )

    def fingerprint(self) -> Fingerprint:
        """Return a value that changes when models are added or removed. Cheap: call it any time."""
        marks = []
        for folder in self._folders():
            try:
                status = (folder / manifest.FILE).stat()
            except OSError:  # without a manifest it is incomplete
                continue
            marks.append((str(folder), status.st_mtime_ns, status.st_ino))
        return tuple(marks)

    def verify(self, kind: str, name: str) -> list[str]:
        """Return the faults of a model, every byte read; none when it is as it was downloaded.

        Raises `ModelMissing` for an unknown name.
        """
        place = self._place(kind, name)
        if not place.folder.is_dir():
            raise self._unknown(place.name)
        try:
            return list(manifest.problems(place.folder))
        except OSError as error:
            return [f"cannot be read: {_reason(error)}"]

    def remove(self, kind: str, name: str) -> int:
        """Delete a model, finished or not; return the bytes that this frees.

        Raises:
            ModelMissing: There is no such model.
            DownloadFailed: It is being downloaded, or cannot be deleted.
        """
        place = self._place(kind, name)
        if not place.folder.is_dir() and not place.staging.is_dir():
            raise self._unknown(place.name)
        try:
            with locked(place.lock, str(place.name), None):
                freed = bytes_in(place.folder) + bytes_in(place.staging)
                discard(place.folder)
                discard(place.staging)
        except OSError as error:
            raise DownloadFailed(f"{place.name} cannot be removed: {_reason(error)}") from error
        return freed

    def pull(self, model: str | Name, progress: Progress | None = None) -> Path:
        """Return the folder of a model, downloading and checking it first where necessary.

        Uses no network when the model is complete and undamaged.

        Raises:
            UsageError: No model can have that name.
            ModelMissing: The source has no such model, or `offline` forbids the download.
            DownloadFailed: The download failed, or the model cannot be stored.
            PackageMissing: A Python package for downloads is not installed.
        """
        name = names.parse(model) if isinstance(model, str) else model
        if name.kind == OLLAMA:
            raise UsageError(f"{name}: Ollama stores its models itself")
        place = ModelFolder(self.root, name)
        if manifest.read_complete(place.folder) and not self.verify(name.kind, name.name):
            return place.folder
        if self.offline:
            raise ModelMissing(
                f"{name} is not on this machine and models.offline forbids the download: run "
                f"satellite models pull {name} on another machine, then copy it to {place.folder}"
            )
        for package in (Package("httpx", "server"), Package("huggingface_hub", "server")):
            if missing := package.missing():
                raise PackageMissing(f"{name} cannot be downloaded: {missing}")
        # with httpx, which takes 0.1 s to import; finding a model does not need it
        from servers.models.hub import Hub
        from servers.models.pull import pull  # imports the above

        progress = progress or NoProgress()
        try:
            with (
                locked(place.lock, str(name), progress),
                Hub(self.endpoint, self._retry, progress) as hub,
            ):
                pull(place, hub, progress)
        except OSError as error:
            raise DownloadFailed(
                f"{name} cannot be stored in {self.root}: {_reason(error)} (see models.folder)"
            ) from error
        return place.folder

    def take(self, kind: str, name: str, file: Path, progress: Progress | None = None) -> Path:
        """Copy a model of the user's into the store; return its folder there.

        That is a GGUF file, the published file of a turn model, or a folder or archive for
        sherpa-onnx. Raises `UsageError` for models
        of other kinds, `DownloadFailed`.
        """
        if kind not in OWN:
            raise UsageError(f"{kind}:{name}: only {', '.join(OWN)} models can be imported")
        place = self._place(kind, name)
        try:
            with locked(place.lock, str(place.name), progress or NoProgress()):
                local_files.take(place, file, progress or NoProgress())
        except OSError as error:
            raise DownloadFailed(f"{place.name} cannot be stored: {_reason(error)}") from error
        return place.folder

    def _place(self, kind: str, name: str) -> ModelFolder:
        return ModelFolder(self.root, names.name_of_kind(kind, name))

    def _unknown(self, name: Name) -> ModelMissing:
        known = {str(model): None for model in self.known()}
        near = get_close_matches(str(name), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"installed: {', '.join(known) or 'none'}"
        return ModelMissing(f"{name} is not installed ({hint})")

    def _folders(self) -> list[Path]:
        found: list[Path] = []
        for kind in KINDS:
            try:
                inside = sorted((self.root / kind).iterdir())
            except FileNotFoundError:
                continue
            except OSError as error:
                raise ModelMissing(f"the models cannot be read: {_reason(error)}") from error
            found += [path for path in inside if not path.name.startswith(".")]
        return found


def _default_root(folder: str) -> Path:
    if folder:
        return Path(folder).expanduser()
    return paths.data_folder() / "models"


def _reason(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{reason_of(error)}"
