"""List the pip requirements of Home Assistant's integrations; run with its interpreter.

    python home_assistant_needs.py list          # one requirement a line
    python home_assistant_needs.py constraints   # the file with the versions that go together

Home Assistant downloads missing ones at its start. Imports nothing of Home Assistant, because that
would need them already.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

CONFIGURED = (
    *("api", "assist_pipeline", "assist_satellite", "binary_sensor", "config", "conversation"),
    *(
        "ffmpeg",
        "input_boolean",
        "intent",
        "mcp_server",
        "media_source",
        "number",
        "recorder",
        "select",
        "stt",
    ),
    *("switch", "tts", "wake_word", "wyoming", "zeroconf"),
)
"""The integrations in the tests' configuration, and the platforms that they use."""
WITHOUT = frozenset(("bluetooth", "cloud", "default_config", "dhcp", "hassio", "ssdp", "usb"))
"""Integrations that need hardware or the Internet; the tests do not use them."""
UNTOLD = (
    *("av", "cached-ipaddress", "file-read-backwards", "go2rtc-client", "hass-nabucasa", "numpy"),
    *("pillow", "pynacl", "pyturbojpeg", "webrtc-noise-gain"),
)
"""Packages that the core imports although no manifest above names them."""


def main() -> None:
    """Print the requested list."""
    folder = _folder()
    constraints = folder / "package_constraints.txt"
    if sys.argv[1:] == ["constraints"]:
        sys.stdout.write(f"{constraints}\n")
    elif sys.argv[1:] == ["list"]:
        sys.stdout.writelines(f"{line}\n" for line in sorted(_needs(folder, constraints)))
    else:
        raise SystemExit(__doc__)


def _folder() -> Path:
    found = importlib.util.find_spec("homeassistant")
    if found is None or found.origin is None:
        raise SystemExit("Home Assistant is not installed for this interpreter")
    return Path(found.origin).parent


def _needs(folder: Path, constraints: Path) -> set[str]:
    needs: set[str] = set()
    waiting, seen = [*CONFIGURED, *_always(folder / "bootstrap.py")], set(WITHOUT)
    while waiting:
        name = waiting.pop()
        manifest = folder / "components" / name / "manifest.json"
        if name in seen or not manifest.exists():  # not every version has each integration
            continue
        seen.add(name)
        facts = json.loads(manifest.read_text())
        needs.update(facts.get("requirements", ()))
        waiting += facts.get("dependencies", ())
    named = {_package(need) for need in needs}
    for line in constraints.read_text().splitlines():
        if _package(line) in UNTOLD and _package(line) not in named:
            needs.add(line.strip())
    return needs


def _always(bootstrap: Path) -> Iterator[str]:
    """Yield the integrations that are imported or set up in any configuration."""
    for node in ast.parse(bootstrap.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module == "components":
            yield from (alias.name for alias in node.names)
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(t, ast.Name) and t.id.startswith("DEFAULT_INTEGR") for t in targets):
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def _package(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement.strip(), maxsplit=1)[0].lower()


if __name__ == "__main__":
    main()
