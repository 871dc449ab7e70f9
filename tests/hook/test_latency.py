"""Hooks that hang, die and write garbage cost a turn nothing, nor the end of the satellite."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import rooms
from tests.support.program import satellite

pytestmark = pytest.mark.timeout(180)

BAD = (
    "command:sleep 1000?limit=600",
    "command:sh -c 'kill -9 $$'",
    "command:sh -c 'head -c 1000000 /dev/urandom >&2; exit 1'",
    "command:no-such-program",
)

SLACK = 0.25
"""Seconds by which two turns differ on a busy machine with nothing different."""


def turn(folder: Path, *hooks: str) -> float:
    """Seconds from the end of speech to the answer's first sound."""
    folder.mkdir()
    request = rooms.spoken_request(folder / "in.wav", "what time is it", gap=1)
    arguments = ["--mic", f"wav:{request}", "--speaker", f"wav:{folder / 'out.wav'}"]
    arguments += ["--no-zeroconf", "--listen", "", "--set", f"hooks={','.join(hooks)}"]
    with satellite(folder, *arguments) as program:
        (ended,) = program.wait_for("turn_end")
        assert program.finish(20) == 0, program.told()
        assert ended["outcome"] == "answered", program.told()
        (spoken,), (heard,) = program.events("speech_end"), program.events("audio_start")
        said = program.errors()
    for hook in hooks:
        if "sleep" not in hook:
            assert said.count(f"hook {hook} failed") == 1  # told once, not at every event
    return float(heard["mono"] - spoken["mono"])


def test_bad_hooks_do_not_slow_a_turn(tmp_path: Path) -> None:
    without, beside = turn(tmp_path / "without"), turn(tmp_path / "with", *BAD)
    assert beside < without + SLACK, f"{without:.3f} s without, {beside:.3f} s with"
