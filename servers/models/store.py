"""The folder of all models, and getting one into it whole."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from satellite import models
from satellite.errors import DownloadFailed, ModelMissing, UsageError
from satellite.options import unknown_name
from servers.models import manifest, names
from servers.models.fetch import Fetcher, Patience
from servers.models.lock import locked
from servers.models.manifest import Installed, Manifest, Record
from servers.models.names import OLLAMA, PIPER, WHISPER, Name
from servers.models.plan import Plan
from servers.models.progress import Progress, Silent
from servers.models.sources import hub_of, plan_of

KINDS = (WHISPER, PIPER)
"""The kinds that lie here. Ollama keeps its own."""

Fingerprint = tuple[tuple[str, int, int], ...]


class Store:
    """Models in `<root>/<kind>/<name>/`, each with a manifest that is written last.

    What is being fetched lies beside in `.<name>.part` and is renamed when all of it is there and
    right, so that a folder with a name is a whole model. Names with a dot in front are no models.
    Everything here blocks: call it on a thread.
    """

    def __init__(
        self,
        root: Path | None = None,
        offline: bool | None = None,
        endpoint: str | None = None,
        patience: Patience | None = None,
    ) -> None:
        """What is None is as the settings say that hold in this process (`satellite.models`)."""
        settings = models.in_force()
        self.root = root or _default_root(settings.folder)
        self.offline = settings.offline if offline is None else offline
        self.endpoint = endpoint or settings.endpoint
        self._patience = patience or Patience()

    def path(self, kind: str, name: str) -> Path | None:
        """The folder of a model, or None unless it is whole here. Quick: sizes, no hashes.

        Raises `UsageError` for a name that can be none of that kind.
        """
        folder = self._folder(names.of(kind, name))
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

    def fingerprint(self) -> Fingerprint:
        """Something that differs after a model came or went; cheap enough to ask every second."""
        marks = []
        for folder in self._folders():
            try:
                status = (folder / manifest.FILE).stat()
            except OSError:
                continue
            marks.append((str(folder), status.st_mtime_ns, status.st_ino))
        return tuple(marks)

    def verify(self, kind: str, name: str) -> list[str]:
        """What is wrong with a model here, every byte read; nothing when it is as it was fetched.

        Raises `ModelMissing` when there is none of that name.
        """
        folder = self._existing(names.of(kind, name))
        try:
            return list(manifest.problems(folder))
        except OSError as error:
            return [f"cannot be read: {_reason(error)}"]

    def remove(self, kind: str, name: str) -> int:
        """Delete a model, and what there is of an unfinished one; return the bytes it had.

        Raises `ModelMissing` when there is none, `DownloadFailed` when it is being fetched or
        cannot be deleted.
        """
        wanted = names.of(kind, name)
        folder, staging = self._folder(wanted), self._staging(wanted)
        if not folder.is_dir() and not staging.is_dir():
            self._existing(wanted)
        try:
            with locked(self._lock(wanted), str(wanted), None):
                freed = sum(f.stat().st_size for d in (folder, staging) for f in d.glob("*"))
                _discard(folder)
                _discard(staging)
        except OSError as error:
            raise DownloadFailed(f"{wanted}: {_reason(error)}; it is not removed") from error
        return freed

    def pull(self, model: str | Name, progress: Progress | None = None) -> Path:
        """Have a model here: the folder at once, or after fetching and checking it.

        There is no contact with the network when the model is here and unharmed. Raises
        `UsageError` for a name that can be none, `ModelMissing` when the source has none of that
        name or `offline` forbids to ask, `DownloadFailed` for everything that goes wrong.
        """
        name = names.parse(model) if isinstance(model, str) else model
        if name.kind == OLLAMA:
            raise UsageError(f"{name}: Ollama keeps its models itself")
        telling = progress or Silent()
        folder = self._folder(name)
        if manifest.whole(folder) and not self.verify(name.kind, name.name):
            return folder
        if self.offline:
            raise ModelMissing(
                f"{name} is not on this machine and models.offline forbids to fetch it: "
                f"satellite models pull {name} where there is a network, then copy it to {folder}"
            )
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with locked(self._lock(name), str(name), telling):
                return self._pull(name, telling)
        except OSError as error:
            raise DownloadFailed(f"{name}: {_reason(error)} (models.folder sets where)") from error

    def _pull(self, name: Name, progress: Progress) -> Path:
        folder, staging = self._folder(name), self._staging(name)
        if folder.is_dir():
            problems = list(manifest.problems(folder))
            if not problems:
                return folder  # fetched by another process meanwhile
            progress.tell(f"{name} is damaged ({'; '.join(problems)}): it is fetched again")
            _discard(staging)
            folder.rename(staging)  # what is good of it is kept
            (staging / manifest.FILE).unlink(missing_ok=True)
        staging.mkdir(exist_ok=True)
        with hub_of(self.endpoint, self._patience, progress) as hub:
            plan = plan_of(name, hub)
            self._check_space(plan, staging)
            records = Fetcher(hub, plan, staging, progress).run()
        self._finish(plan, staging, records)
        return folder

    def _finish(self, plan: Plan, staging: Path, records: tuple[Record, ...]) -> None:
        kept = {record.path for record in records}
        for stray in staging.iterdir():
            if stray.name not in kept:
                stray.unlink()
        now = datetime.now(UTC).isoformat(timespec="seconds")
        name = plan.name
        manifest.write(
            staging, Manifest(name.kind, name.name, plan.source, plan.revision, now, records)
        )
        staging.rename(self._folder(name))
        manifest.sync(staging.parent)

    def _check_space(self, plan: Plan, staging: Path) -> None:
        here = sum(file.stat().st_size for file in staging.iterdir())
        free = shutil.disk_usage(staging).free
        if (needed := plan.total - here) > free:
            raise DownloadFailed(
                f"{plan.name} needs {needed:,} bytes more and {self.root} has {free:,} bytes free: "
                "make room, or set models.folder to another disk"
            )

    def _existing(self, name: Name) -> Path:
        folder = self._folder(name)
        if not folder.is_dir():
            known = {str(model): None for model in self.installed()}
            raise ModelMissing(f"{unknown_name(str(name), known)}: satellite models list")
        return folder

    def _folders(self) -> list[Path]:
        found: list[Path] = []
        for kind in KINDS:
            try:
                inside = sorted((self.root / kind).iterdir())
            except FileNotFoundError:
                continue
            except OSError as error:
                raise ModelMissing(f"the models in {self.root / kind}: {_reason(error)}") from error
            found += [path for path in inside if not path.name.startswith(".")]
        return found

    def _folder(self, name: Name) -> Path:
        return self.root / name.kind / name.folder

    def _staging(self, name: Name) -> Path:
        return self.root / name.kind / f".{name.folder}.part"

    def _lock(self, name: Name) -> Path:
        return self.root / name.kind / f".{name.folder}.lock"


def _default_root(folder: str) -> Path:
    if folder:
        return Path(folder).expanduser()
    return Path(platformdirs.user_data_dir("satellite")) / "models"


def _discard(folder: Path) -> None:
    """Delete a folder so that no half of it has its name at any time. Raises `OSError`."""
    if folder.is_dir():
        doomed = folder.with_name(f".{folder.name.lstrip('.')}.{os.getpid()}.gone")
        folder.rename(doomed)
        shutil.rmtree(doomed)


def _reason(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"
