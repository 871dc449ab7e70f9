"""The folder of all models: what is in it, and more of it or less."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from satellite.engines import context
from satellite.errors import DownloadFailed, ModelMissing, PackageMissing, UsageError
from satellite.options import unknown_name
from satellite.requirements import Package
from servers.models import manifest, names
from servers.models.lock import locked
from servers.models.manifest import Installed
from servers.models.names import OLLAMA, PIPER, WHISPER, Name
from servers.models.patience import RetryPolicy
from servers.models.place import PART, ModelFolder, bytes_in, discard, name_of
from servers.models.progress import Progress, Silent

KINDS = (WHISPER, PIPER)
"""The kinds that lie here. Ollama keeps its own."""

Fingerprint = tuple[tuple[str, int, int], ...]


class Store:
    """Models in `<root>/<kind>/<name>/`, each with a manifest that is written last.

    What is being fetched lies beside and is renamed when all of it is there and right, so that a
    folder with a name is a whole model. Everything here blocks: call it on a thread.
    """

    def __init__(
        self,
        root: Path | None = None,
        offline: bool | None = None,
        endpoint: str | None = None,
        patience: RetryPolicy | None = None,
    ) -> None:
        """None stands for the settings in force in this process (`satellite.engines.context`)."""
        settings = context.in_force()
        self.root = root or _default_root(settings.folder)
        self.offline = settings.offline if offline is None else offline
        self.endpoint = endpoint or settings.endpoint
        self._patience = patience or RetryPolicy()

    def path(self, kind: str, name: str) -> Path | None:
        """The folder of a model, or None unless it is whole here. Quick: sizes, no hashes.

        Raises `UsageError` for a name that can be none of that kind.
        """
        folder = self._place(kind, name).folder
        return folder if manifest.whole(folder) else None

    def find(self, kind: str, text: str) -> Path:
        """The model that `text` means: a file or folder of the user's, or the name of one here.

        Raises `ModelMissing`, saying how to get it.
        """
        if text.startswith(("/", "./", "../", "~")) or text in (".", ".."):
            path = Path(text).expanduser()
            if not path.exists():
                raise ModelMissing(f"{kind} model {path}: there is no such file or folder")
            return path
        try:
            name = names.of(kind, text)
        except UsageError as error:
            raise ModelMissing(str(error)) from error
        found = self.path(kind, text)
        if found is None:
            raise ModelMissing(f"{name} is not on this machine: satellite models pull {name}")
        return found

    def installed(self) -> tuple[Installed, ...]:
        """Every whole model here, by kind and name."""
        return tuple(
            manifest.installed(folder, record)
            for folder in self._folders()
            if (record := manifest.whole(folder)) is not None
        )

    def known(self) -> tuple[Name, ...]:
        """Every model that has a folder here, damaged ones included."""
        return tuple(name_of(folder) for folder in self._folders())

    def broken(self) -> tuple[tuple[Name, int, str], ...]:
        """What is here and no whole model: the name, its bytes, and `damaged` or `unfinished`."""
        damaged = [folder for folder in self._folders() if manifest.whole(folder) is None]
        unfinished = [folder for folder in self.root.glob(f"*/.*{PART}") if bytes_in(folder)]
        return tuple(
            (name_of(folder), bytes_in(folder), state)
            for folders, state in ((damaged, "damaged"), (unfinished, "unfinished"))
            for folder in sorted(folders)
        )

    def fingerprint(self) -> Fingerprint:
        """Something that differs after a model came or went; cheap enough to ask every second."""
        marks = []
        for folder in self._folders():
            try:
                status = (folder / manifest.FILE).stat()
            except OSError:  # none there: it is not whole
                continue
            marks.append((str(folder), status.st_mtime_ns, status.st_ino))
        return tuple(marks)

    def verify(self, kind: str, name: str) -> list[str]:
        """What is wrong with a model here, every byte read; nothing when it is as it was fetched.

        Raises `ModelMissing` when there is none of that name.
        """
        place = self._place(kind, name)
        if not place.folder.is_dir():
            raise self._unknown(place.name)
        try:
            return list(manifest.problems(place.folder))
        except OSError as error:
            return [f"cannot be read: {_reason(error)}"]

    def remove(self, kind: str, name: str) -> int:
        """Delete a model, and what there is of an unfinished one; return the bytes it had.

        Raises `ModelMissing` when there is none, `DownloadFailed` when it is being fetched or
        cannot be deleted.
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
        """Have a model here: its folder at once, or after fetching and checking it.

        There is no contact with the network when the model is here and unharmed. Raises
        `UsageError` for a name that can be none, `ModelMissing` when the source has none of that
        name or `offline` forbids to ask, `DownloadFailed` for everything that goes wrong,
        `PackageMissing`.
        """
        name = names.parse(model) if isinstance(model, str) else model
        if name.kind == OLLAMA:
            raise UsageError(f"{name}: Ollama keeps its models itself")
        place = ModelFolder(self.root, name)
        if manifest.whole(place.folder) and not self.verify(name.kind, name.name):
            return place.folder
        if self.offline:
            raise ModelMissing(
                f"{name} is not on this machine and models.offline forbids to fetch it: satellite "
                f"models pull {name} where there is a network, then copy it to {place.folder}"
            )
        for package in (Package("httpx", "server"), Package("huggingface_hub", "server")):
            if missing := package.missing():
                raise PackageMissing(f"{name} cannot be fetched: {missing}")
        from servers.models.hub import Hub  # here, as looking for a model needs no network
        from servers.models.pull import pull

        telling = progress or Silent()
        try:
            with (
                locked(place.lock, str(name), telling),
                Hub(self.endpoint, self._patience, telling) as hub,
            ):
                pull(place, hub, telling)
        except OSError as error:
            raise DownloadFailed(
                f"{name} cannot be kept in {self.root}: {_reason(error)} (models.folder sets where)"
            ) from error
        return place.folder

    def _place(self, kind: str, name: str) -> ModelFolder:
        return ModelFolder(self.root, names.of(kind, name))

    def _unknown(self, name: Name) -> ModelMissing:
        known = {str(model): None for model in self.known()}
        return ModelMissing(f"{unknown_name(str(name), known)}; satellite models lists all")

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
    return Path(platformdirs.user_data_dir("satellite")) / "models"


def _reason(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"
