"""The steps of the container files in clean Debians: `python -m tests.soak.container_root`.

    python -m tests.soak.container_root [satellite] [server] [--variant cuda] [--folder DIR]

For machines without a container engine. Each stage is a root of debootstrap in place of its base
image; RUN, COPY, WORKDIR, ENV and USER do there what they do in a build. Then the entry point is
started as the image's user, and the health check repeated until it passes. Needs root, debootstrap
and the network. Takes some four minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
from dockerfile_parse import DockerfileParser

from tests.soak.clean_root import ROOT, CleanRoot, carried_out, made

SUITE = "trixie"
HEALTHY = 90
"""Seconds from the start until the health check passes."""
MICROPHONE = "command:sh -c 'while :; do head -c 1024 /dev/zero; sleep 0.032; done'"

_RUN = """
cd "$1"; shift
"$@" & program=$!
left=$LIMIT
while [ $left -gt 0 ] && kill -0 $program 2>/dev/null; do
    if eval "$CHECK" 2>/dev/null; then
        echo "healthy, $((LIMIT - left)) s after the start"
        kill $program
        exit 0
    fi
    sleep 1; left=$((left - 1))
done
echo "never healthy" >&2; eval "$CHECK"; exit 1
"""


class Stage(msgspec.Struct):
    """A stage of a build, and the instructions read so far."""

    root: CleanRoot
    environment: dict[str, str]
    folder: str = "/"
    user: str = ""
    health: list[str] = []
    entry: list[str] = []


def build(file: Path, variant: str, folder: Path) -> Stage:
    """Run the instructions of a container file; return its last stage."""
    with tempfile.TemporaryDirectory() as scratch:
        parser = DockerfileParser(path=scratch)
        parser.content = file.read_text()
        steps = [step for step in parser.structure if step["instruction"] != "COMMENT"]
    arguments = {"VARIANT": variant}
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for step in steps:
        name, value = step["instruction"], step["value"]
        if name == "FROM":
            root = made(folder, SUITE)
            stage = Stage(root, {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"})
            root.folder = root.folder.rename(f"{root.folder}-{file.stem}-{len(stages)}")
            stages[value.partition(" AS ")[2] or str(len(stages))] = stage
        elif stage is not None:
            print(f"   {name} {value[:90]}", flush=True)
            _do(stage, name, value, arguments, stages)
    assert stage is not None
    return stage


def _do(
    stage: Stage, name: str, value: str, arguments: dict[str, str], stages: dict[str, Stage]
) -> None:
    if name == "RUN":
        given = [f"{key}={text}" for key, text in {**arguments, **stage.environment}.items()]
        script = f"cd {stage.folder} && {value}"
        stage.root.run("env", "-i", *given, "DEBIAN_FRONTEND=noninteractive", "sh", "-euc", script)
    elif name == "COPY":
        _copy(stage, value, stages)
    elif name == "WORKDIR":
        stage.folder = value
        (stage.root.folder / value[1:]).mkdir(parents=True, exist_ok=True)
    elif name == "ENV":
        stage.environment |= dict(re.findall(r"(\w+)=(\S+)", value))
    elif name == "USER":
        stage.user = value
    elif name == "HEALTHCHECK":
        stage.health = json.loads(value.partition("CMD ")[2])
    elif name == "ENTRYPOINT":
        stage.entry = json.loads(value)


def _copy(stage: Stage, value: str, stages: dict[str, Stage]) -> None:
    *sources, target = value.split()
    here = ROOT
    if sources[0].startswith("--from="):
        here = stages[sources.pop(0).removeprefix("--from=")].root.folder
    place = stage.root.folder / str(Path(stage.folder, target))[1:]
    for source in sources:
        found = here / source.lstrip("/")
        if found.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info") if here == ROOT else None
            shutil.copytree(found, place, symlinks=True, dirs_exist_ok=True, ignore=ignored)
        else:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(found, place)


def start(stage: Stage, *given: str) -> str:
    """Start the entry point as its user until it is healthy; return its output."""
    check = " ".join(f"'{part}'" if " " not in part else f'"{part}"' for part in stage.health)
    environment = {**stage.environment, "CHECK": check, "LIMIT": str(HEALTHY)}
    pairs = [*(f"{key}={text}" for key, text in environment.items()), *given]
    user = ["setpriv", f"--reuid={stage.user}", f"--regid={stage.user}", "--init-groups"]
    command = ["env", "-i", *pairs, *user, "sh", "-uc", _RUN, "sh", stage.folder, *stage.entry]
    done = stage.root.run(*command, alone=True)
    return done.stdout + done.stderr


def main() -> int:
    """Build and start the requested images."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["satellite", "server"])
    parser.add_argument("--variant", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--folder", type=Path, help="where the clean root is kept")
    asked = parser.parse_args()

    def work(folder: Path) -> None:
        try:
            for name in asked.names:
                print(f"== {name}, {asked.variant}", flush=True)
                stage = build(ROOT / f"deploy/containers/{name}.Dockerfile", asked.variant, folder)
                given = [] if name == "server" else [f"SATELLITE_MIC={MICROPHONE}"]
                given += [] if name == "server" else ["SATELLITE_SPEAKER=wav:/dev/null"]
                print(start(stage, *given, "SATELLITE_ZEROCONF=false"))
                size = subprocess.check_output(["du", "-sm", str(stage.root.folder)], text=True)
                print(f"{size.split()[0]} MB in all")
        finally:
            for root in folder.glob(f"root-{SUITE}-*-{os.getpid()}-*"):
                shutil.rmtree(root, ignore_errors=True)

    return carried_out(work, asked.folder)


if __name__ == "__main__":
    sys.exit(main())
