"""The report: what was found and what is set, in a file for others, without secrets."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from satellite.config.keys import keys, value_of
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding
from satellite.diagnostics.doctor.secrets import masked, masked_finding, masked_setting
from satellite.diagnostics.doctor.show import plain
from satellite.errors import SatelliteError

_MODE = 0o600
"""Its owner decides who gets it."""


def write(file: Path, findings: Sequence[Finding], case: ExaminationInput) -> None:
    """Write the report. Raises `SatelliteError` when it cannot be written."""
    text = "\n".join(report(findings, case)) + "\n"
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE)
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise SatelliteError(
            f"the report cannot be written to {file}: {error.strerror or error}"
        ) from error


def report(findings: Sequence[Finding], case: ExaminationInput) -> Iterator[str]:
    """The lines of the report: machine, findings, settings, packages."""
    yield "# satellite doctor"
    yield ""
    yield f"when: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    yield f"satellite: {metadata.version('satellite')}"
    yield f"Python: {platform.python_version()} ({masked(sys.prefix)})"
    yield f"system: {platform.system()} {platform.release()} {platform.machine()}"
    yield f"distribution: {_distribution(case)}"
    if model := case.text("proc/device-tree/model"):
        yield f"machine: {model}"
    yield ""
    yield "## Findings"
    yield ""
    yield plain([masked_finding(finding) for finding in findings])
    yield ""
    yield "## Settings that are not usual"
    yield ""
    for path, key in keys().items():
        value = value_of(case.settings, path)
        if value != key.default:
            origin = masked(case.origins.get(path, ""))
            yield f"{path} = {masked_setting(path, value)!r}  ({origin})"
    yield ""
    yield "## Packages"
    yield ""
    yield from sorted(
        {f"{item.name} {item.version}" for item in metadata.distributions()}, key=str.casefold
    )


def _distribution(case: ExaminationInput) -> str:
    for line in (case.text("etc/os-release") or "").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return "unknown"
