"""A brain in another process that takes long: the satellite says so, and then answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from satellite.turns.wait_notice import AFTER
from tests.cli.program import satellite
from tests.support.slow_server import ANSWER

PATIENCE = 60.0
"""Seconds allowed for the end of a process on a busy machine."""


@contextmanager
def slow_brain(seconds: float) -> Iterator[str]:
    """Run the brain in a process; yield its address."""
    command = [sys.executable, "-m", "tests.support.slow_server", str(seconds)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            process.wait(PATIENCE)


@pytest.mark.parametrize(("seconds", "notices"), [(0.0, 0), (AFTER + 2.0, 1)])
def test_a_slow_brain_is_announced_once_and_heard(
    seconds: float, notices: int, tmp_path: Path
) -> None:
    log = tmp_path / "events.jsonl"
    with slow_brain(seconds) as uri:
        done = satellite("demo", "--llm", uri, "--events", str(log), folder=tmp_path)
    assert done.code == 0, done.complaints
    happened = [json.loads(line) for line in log.read_text().splitlines()]
    kinds = [event["event"] for event in happened]
    assert kinds.count("waiting") == notices
    (reply,) = [e["text"] for e in happened if e["event"] == "reply" and e["final"]]
    assert reply == ANSWER
    if notices:
        waiting, ended = kinds.index("waiting"), kinds.index("speech_end")
        assert kinds.index("transcript") < waiting < kinds.index("audio_start")
        waited = happened[waiting]["mono"] - happened[ended]["decided_mono"]
        assert AFTER <= waited < AFTER + 2.0
