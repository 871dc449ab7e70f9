"""The report for other people: findings, settings and packages, without secrets."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import msgspec

from satellite.config.keys import keys, value_of
from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.show import plain
from satellite.errors import SatelliteError
from satellite.lib.finding import Finding
from satellite.requirements import own_version
from satellite.text import redact
from satellite.text.quoted import quoted
from satellite.text.reason_of import reason_of
from satellite.text.redact import HIDDEN

_SECRET = re.compile(r"token|passw|secret|api_?key|credential|authorization", re.IGNORECASE)
"""Names of settings and environment variables whose values are secrets."""

_MODE = 0o600
"""The owner decides who may read the report."""


def write(file: Path, findings: Sequence[Finding], context: Context) -> None:
    """Write the report. Raises `SatelliteError`."""
    text = "\n".join(report(findings, context)) + "\n"
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE)
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        reason = reason_of(error)
        raise SatelliteError(f"the report cannot be written to {file}: {reason}") from error


def report(findings: Sequence[Finding], context: Context) -> Iterator[str]:
    """Yield the lines of the report: machine, findings, settings, packages."""
    release = context.text("etc/os-release") or ""
    distribution = re.search(r'^PRETTY_NAME="?(.*?)"?$', release, re.MULTILINE)
    yield "# satellite doctor"
    yield ""
    yield f"when: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    yield f"satellite: {own_version()}"
    yield f"Python: {platform.python_version()} ({masked(sys.prefix)})"
    yield f"system: {platform.system()} {platform.release()} {platform.machine()}"
    yield f"distribution: {distribution[1] if distribution else 'unknown'}"
    if model := context.text("proc/device-tree/model"):
        yield f"machine: {model}"
    yield from ("", "## Findings", "")
    yield plain([masked_finding(finding) for finding in findings])
    yield from ("", "## Settings that differ from the defaults", "")
    for path, key in keys().items():
        value = value_of(context.settings, path)
        if value != key.default:
            origin = masked(context.origins.get(path, ""))
            yield f"{path} = {quoted(masked_setting(path, value))}  ({origin})"
    yield from ("", "## Packages", "")
    packages = {f"{item.name} {item.version}" for item in metadata.distributions()}
    yield from sorted(packages, key=str.casefold)


def masked(text: str) -> str:
    """Return a text with secrets hidden, and with `~` for the home folder."""
    for name, value in os.environ.items():
        secret = value.strip()
        if _SECRET.search(name) and len(secret) >= 8 and not name.endswith(("_FILE", "_PATH")):
            text = text.replace(secret, HIDDEN)
    text = redact.masked(text)
    home = str(Path.home())
    return re.sub(rf"{re.escape(home)}(?=/|\b|$)", "~", text) if len(home) > 1 else text


def masked_setting(path: str, value: object) -> object:
    """Return a setting's value with secrets hidden; the path of a file with a secret is none."""
    if isinstance(value, tuple):
        return tuple(masked_setting(path, item) for item in value)
    if not isinstance(value, str):
        return value
    secret = _SECRET.search(path) and not path.endswith("_file")
    return HIDDEN if secret and value else masked(value)


def masked_finding(finding: Finding) -> Finding:
    """Return a finding with the secrets in its texts hidden."""
    texts = {name: masked(getattr(finding, name)) for name in ("about", "found", "means", "remedy")}
    return msgspec.structs.replace(finding, **texts)
