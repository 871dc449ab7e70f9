"""Puts a model into its folder: downloads it beside, checks it, and renames that."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

from satellite.errors import DownloadFailed
from satellite.lib.platform.files import sync_folder
from servers.models import local_files, manifest, sherpa_files
from servers.models.download_plan import DownloadPlan
from servers.models.fetch import Fetcher
from servers.models.hub import Hub
from servers.models.manifest import FileRecord, Manifest
from servers.models.model_folder import ModelFolder, bytes_in, discard
from servers.models.names import SHERPA
from servers.models.progress import Progress
from servers.models.sources import plan_of


def pull(place: ModelFolder, hub: Hub, progress: Progress) -> None:
    """Make a model complete; the caller holds its lock.

    Undamaged files of a damaged model are not downloaded again, and a failed download is resumed
    the next time. Raises `ModelMissing`, `DownloadFailed`, `OSError`.
    """
    if place.folder.is_dir():
        problems = list(manifest.problems(place.folder))
        if not problems:
            return
        progress.report(f"{place.name} is damaged ({'; '.join(problems)}): downloading it again")
        discard(place.staging)
        place.folder.rename(place.staging)
        (place.staging / manifest.FILE).unlink(missing_ok=True)
    plan = plan_of(place.name, hub)
    if place.staging.is_symlink():  # not made by this program: its target is not ours to change
        progress.report(f"{place.staging} is a link: removing it")
        place.staging.unlink()
    place.staging.mkdir(exist_ok=True)
    _check_space(plan, place)
    records = Fetcher(hub, plan, place.staging, progress).run()
    if plan.archive:
        records = (*local_files.unpack(place, place.staging / records[0].path), *records[1:])
    if place.name.kind == SHERPA:
        sherpa_files.check(place.staging, str(place.name))
    _finish(plan, place, records)


def _check_space(plan: DownloadPlan, place: ModelFolder) -> None:
    free = shutil.disk_usage(place.staging).free
    if (needed := plan.total - bytes_in(place.staging)) > free:
        raise DownloadFailed(
            f"{plan.name} needs {needed:,} more bytes, and {free:,} bytes are free in "
            f"{place.root}: make room, or set models.folder to another disk"
        )


def _finish(plan: DownloadPlan, place: ModelFolder, records: tuple[FileRecord, ...]) -> None:
    names = {record.path for record in records}
    for stray in place.staging.iterdir():
        if stray.name not in names:
            stray.unlink()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    complete = Manifest(plan.name.kind, plan.name.name, plan.source, plan.revision, now, records)
    manifest.write(place.staging, complete)
    place.staging.rename(place.folder)
    sync_folder(place.folder.parent)
