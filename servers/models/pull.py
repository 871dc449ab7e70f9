"""Getting a model into its place: fetched beside it, then renamed."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

from satellite.errors import DownloadFailed
from servers.models import manifest
from servers.models.fetch import Fetcher
from servers.models.hub import Hub
from servers.models.manifest import Manifest, Record
from servers.models.place import ModelFolder, bytes_in, discard
from servers.models.plan import Plan
from servers.models.progress import Progress
from servers.models.sources import plan_of


def pull(place: ModelFolder, hub: Hub, progress: Progress) -> None:
    """Have a whole model in its place, whose lock is held.

    What is good of a damaged one is kept. Raises `ModelMissing`, `DownloadFailed`, `OSError`; what
    had come then stays beside the place for the next time.
    """
    if place.folder.is_dir():
        problems = list(manifest.problems(place.folder))
        if not problems:
            return
        progress.tell(f"{place.name} is damaged ({'; '.join(problems)}): it is fetched again")
        discard(place.staging)
        place.folder.rename(place.staging)
        (place.staging / manifest.FILE).unlink(missing_ok=True)
    plan = plan_of(place.name, hub)
    place.staging.mkdir(exist_ok=True)
    _check_space(plan, place)
    records = Fetcher(hub, plan, place.staging, progress).run()
    _finish(plan, place, records)


def _check_space(plan: Plan, place: ModelFolder) -> None:
    free = shutil.disk_usage(place.staging).free
    if (needed := plan.total - bytes_in(place.staging)) > free:
        raise DownloadFailed(
            f"{plan.name} needs {needed:,} bytes more and there are {free:,} bytes free in "
            f"{place.root}: make room, or set models.folder to another disk"
        )


def _finish(plan: Plan, place: ModelFolder, records: tuple[Record, ...]) -> None:
    kept = {record.path for record in records}
    for stray in place.staging.iterdir():
        if stray.name not in kept:
            stray.unlink()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    whole = Manifest(plan.name.kind, plan.name.name, plan.source, plan.revision, now, records)
    manifest.write(place.staging, whole)
    place.staging.rename(place.folder)
    manifest.sync(place.folder.parent)
